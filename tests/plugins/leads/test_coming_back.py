"""Leads that were on hold until today, or lost and to be asked again, come back to those who go on with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from plugins.leads.events.waiting import LeadCameBack
from plugins.leads.models import Lead
from plugins.leads.notices import BACK
from tests.plugins.leads.test_first_response import events
from tests.plugins.leads.test_merging import move, shown

Enquire = Callable[..., dict[str, Any]]


def look(agency: AgencyUnderTest) -> None:
    """What the job does."""
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        jobs.find_leads_that_come_back()


def wait(agency: AgencyUnderTest, lead: dict[str, Any]) -> None:
    """Let the day come."""
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        today = clock.today("UTC") - timedelta(days=1)
        db.session.execute(update(Lead).where(Lead.id == UUID(lead["id"])).values(back_on=today))


@pytest.fixture
def held(api: ApiClient, enquire: Enquire) -> dict[str, Any]:
    lead = enquire()
    for status in ("qualified", "proposal_sent"):
        move(api, lead, status)
    return move(api, lead, "on_hold", hold_until=str(clock.today("UTC") + timedelta(days=9)))


@pytest.fixture
def lost(api: ApiClient, enquire: Enquire) -> dict[str, Any]:
    return move(api, enquire(), "lost", reason="price", recycle_on=str(clock.today("UTC") + timedelta(days=9)))


class TestComingBack:
    def test_is_told_once_on_the_day_and_makes_a_task(
        self, agency: AgencyUnderTest, api: ApiClient, held: dict[str, Any], lost: dict[str, Any]
    ) -> None:
        look(agency)
        assert [events(api, each, "lead_came_back") for each in (held, lost)] == [[], []]
        for each in (held, lost):
            wait(agency, each)
        for _ in range(2):
            look(agency)
        for each, status in ((held, "on_hold"), (lost, "lost")):
            [told] = events(api, each, "lead_came_back")
            assert told["status"] == status
            now = shown(api, each)
            assert (now["status"], now["version"]) == (status, each["version"])
            [task] = ok(api.get(f"/leads/{each['id']}/timeline?kinds=task"))["items"]
            assert now["next_action_at"] is not None
            assert ok(api.get(f"/tasks/{task['id']}"))["owner_id"] == str(api.user_id)

    def test_is_none_of_a_lead_that_went_on_before(
        self, agency: AgencyUnderTest, api: ApiClient, held: dict[str, Any]
    ) -> None:
        wait(agency, held)
        move(api, held, "negotiation")
        look(agency)
        assert events(api, held, "lead_came_back") == []

    def test_its_owner_is_told_and_where_there_is_none_who_hands_it_out(
        self, agency: AgencyUnderTest, api: ApiClient, held: dict[str, Any]
    ) -> None:
        agent = agency.member("agent", team="Asia")
        event = LeadCameBack(lead_id=UUID(held["id"]), status="on_hold", day=clock.today("UTC"))

        def told() -> set[UUID | None]:
            with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                return set(BACK.recipients(event))

        assert told() == {api.user_id}
        ok(api.post(f"/leads/{held['id']}/assignment", {"owner_id": str(agent.user_id)}, version="*"))
        assert told() == {agent.user_id}
        ok(api.post(f"/leads/{held['id']}/assignment", {"owner_id": None}, version="*"))
        assert api.user_id in told()
        assert agent.user_id not in told()
