"""What goes of lost leads after an agency's time: all that they say about people, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import null, select, update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from plugins.leads.models import Lead
from plugins.leads.repository import back
from tests.plugins.leads.test_duplicates import asked_again, take_in
from tests.plugins.leads.test_merging import merge, move, shown, undo

Forget = Callable[[], tuple[int, int]]


def lost(agency: AgencyUnderTest, lead: dict[str, Any]) -> None:
    """Have a lead be lost long ago."""
    values = {"status": "lost", "status_since": clock.now() - timedelta(days=400)}
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        found = update(Lead).where(Lead.id == UUID(lead["id"])).values(**values)
        db.session.execute(found, execution_options={"include_deleted": True})


@pytest.fixture
def forget(agency: AgencyUnderTest) -> Forget:
    """Applies the rule: of how many leads there was something to forget, and of how many there still is."""

    def apply() -> tuple[int, int]:
        before = clock.now() - timedelta(days=300)
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            count = jobs.LOST.count(before)
            assert jobs.LOST.apply(before, 100) == count
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            return count, jobs.LOST.count(before)

    return apply


class TestMerged:
    def test_what_went_into_a_lost_lead_goes_as_well(
        self, agency: AgencyUnderTest, api: ApiClient, forget: Forget
    ) -> None:
        into = take_in(api)
        other = asked_again(api, into, note="Her doctor says no flights.", occasion="Ana turns 50")
        made = ok(merge(api, shown(api, into), other))
        lost(agency, into)
        assert forget() == (2, 0)
        assert [each["text"] for each in ok(api.get(f"/leads/{into['id']}/notes"))["items"]] == ["[erased]"]
        assert problem(undo(api, made)) == (404, "not_found")

    def test_a_lost_lead_that_went_into_an_open_one_stays(
        self, agency: AgencyUnderTest, api: ApiClient, forget: Forget
    ) -> None:
        into = take_in(api)
        other = asked_again(api, into, note="Her doctor says no flights.")
        ok(merge(api, shown(api, into), other))
        lost(agency, other)
        assert forget() == (0, 0)
        [note] = ok(api.get(f"/leads/{into['id']}/notes"))["items"]
        assert note["text"] == "Her doctor says no flights."


class TestSaid:
    def test_who_says_nothing_is_not_asked(self, agency: AgencyUnderTest, api: ApiClient, forget: Forget) -> None:
        lost(agency, take_in(api))
        assert forget() == (0, 0)
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert db.session.scalar(select(Lead.utm.is_(null()) & Lead.assigned_because.is_(null())))

    def test_nobody_is_asked_again_about_what_is_forgotten(
        self, agency: AgencyUnderTest, api: ApiClient, forget: Forget
    ) -> None:
        lead = take_in(api, note="Her doctor says no flights.")
        coming = str(clock.today("UTC") + timedelta(days=9))
        move(api, lead, "lost", reason="price", recycle_on=coming)
        lost(agency, lead)
        assert forget() == (1, 0)
        assert shown(api, lead)["recycle_on"] is None
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert back.take(clock.today("UTC") + timedelta(days=30)) == []

    def test_a_file_is_something_said(self, agency: AgencyUnderTest, api: ApiClient, forget: Forget) -> None:
        lead = take_in(api)
        path, kind = f"/leads/{lead['id']}/attachments", {"Content-Type": "text/csv"}
        ok(api.call("POST", path, data=b"a,b\n1,2\n", query_string={"name": "passport.csv"}, headers=kind), 201)
        lost(agency, lead)
        assert forget() == (1, 0)
        assert ok(api.get(path))["items"] == []
