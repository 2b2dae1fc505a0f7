"""What a merge makes of the first response, of what comes next, and of what belongs together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.models import Lead
from plugins.leads.service import sla
from tests.plugins.leads.test_duplicates import asked_again, take_in
from tests.plugins.leads.test_first_response import OUTBOUND, events, look, minutes_until_due, put_back, targets
from tests.plugins.leads.test_merging import merge, move, shown, undo, without_version
from tests.plugins.leads.test_next_action import ask_for

__all__ = ["targets"]
Pair = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture
def called(api: ApiClient, targets: dict[str, int]) -> Pair:
    """Two leads of a client who was called about the second."""
    into = take_in(api)
    other = asked_again(api, into)
    ok(api.post(f"/leads/{other['id']}/calls", OUTBOUND), 201)
    return into, shown(api, other)


class TestFirstResponse:
    def test_one_that_was_given_is_given(self, api: ApiClient, agency: AgencyUnderTest, called: Pair) -> None:
        into, other = called
        ok(merge(api, into, other))
        now = shown(api, into)
        assert (now["status"], now["first_response"]["state"]) == ("contacted", "met")
        assert now["first_response"]["responded_at"] == other["first_response"]["responded_at"]
        put_back(agency, into, response_due_at=clock.now() - timedelta(minutes=5))
        look(agency)
        assert events(api, into, "first_response_overdue") == []

    def test_undoing_gives_it_back(self, api: ApiClient, called: Pair) -> None:
        into, other = called
        made = ok(merge(api, into, other))
        ok(undo(api, made))
        assert without_version(shown(api, into)) == without_version(into)
        assert without_version(shown(api, other)) == without_version(other)
        steps = ok(api.get(f"/leads/{into['id']}/status"))["items"]
        assert [each["to_status"] for each in steps] == ["new", "contacted", "new"]

    def test_what_has_gone_on_since_stays_as_it_is(self, api: ApiClient, called: Pair) -> None:
        into, other = called
        made = ok(merge(api, into, other))
        move(api, into, "lost", reason="price")
        ok(undo(api, made))
        assert (shown(api, into)["status"], shown(api, other)["status"]) == ("lost", "contacted")

    def test_the_first_of_both_counts(self, api: ApiClient, called: Pair) -> None:
        into, other = called
        ok(api.post(f"/leads/{into['id']}/calls", OUTBOUND), 201)
        made = ok(merge(api, shown(api, other), shown(api, into)))
        assert shown(api, other)["first_response"] == other["first_response"]
        ok(undo(api, made))
        late = shown(api, into)
        ok(merge(api, late, shown(api, other)))
        assert shown(api, into)["first_response"]["responded_at"] == other["first_response"]["responded_at"]
        assert other["first_response"]["responded_at"] < late["first_response"]["responded_at"]

    def test_contact_without_a_clock_counts_as_well(self, api: ApiClient, targets: dict[str, int]) -> None:
        into = take_in(api)
        other = asked_again(api, into, priority="low")
        move(api, other, "contacted")
        ok(merge(api, into, shown(api, other)))
        assert shown(api, into)["first_response"]["state"] == "met"

    def test_another_priority_is_another_time(self, api: ApiClient, targets: dict[str, int]) -> None:
        into = take_in(api, priority="low")
        other = asked_again(api, into, priority="urgent")
        made = ok(merge(api, into, other, priority="other"))
        assert shown(api, into)["first_response"]["state"] == "pending"
        ok(undo(api, made))
        assert shown(api, into)["first_response"] is None


class TestPriority:
    def test_one_that_hurries_more_starts_the_clock(self, api: ApiClient, targets: dict[str, int]) -> None:
        lead = take_in(api, priority="low")
        now = ok(api.patch(f"/leads/{lead['id']}", {"priority": "urgent"}, version="*"))
        assert now["first_response"]["state"] == "pending"

    def test_forth_and_back_is_as_before(self, api: ApiClient, targets: dict[str, int]) -> None:
        lead = take_in(api, priority="urgent")
        assert ok(api.patch(f"/leads/{lead['id']}", {"priority": "low"}, version="*"))["first_response"] is None
        now = ok(api.patch(f"/leads/{lead['id']}", {"priority": "urgent"}, version="*"))
        assert (now["first_response"]["state"], minutes_until_due(now)) == ("pending", 15)

    def test_what_is_overdue_meanwhile_stays_so(
        self, api: ApiClient, agency: AgencyUnderTest, targets: dict[str, int]
    ) -> None:
        """Whoever changes a lead while another worker finds it overdue does not make half of that undone."""
        lead = take_in(api)
        put_back(agency, lead, response_due_at=clock.now() - timedelta(minutes=1))
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            found = db.session.scalars(select(Lead)).one()
            with ThreadPoolExecutor(1) as other_worker:
                other_worker.submit(look, agency).result()
            found.priority = "urgent"
            sla.hurry(found)
        now = shown(api, lead)
        assert (now["priority"], now["first_response"]["state"]) == ("urgent", "overdue")
        assert now["first_response"]["due_at"] < now["created_at"]

    def test_starts_none_where_nobody_waits(
        self, api: ApiClient, agency: AgencyUnderTest, targets: dict[str, int]
    ) -> None:
        imported, contacted = take_in(api, priority="low"), take_in(api, priority="low")
        move(api, contacted, "contacted")
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(update(Lead).where(Lead.reference == imported["reference"]).values(imported=True))
        for lead in (imported, contacted):
            now = ok(api.patch(f"/leads/{lead['id']}", {"priority": "urgent"}, version="*"))
            assert now["first_response"] is None

    def test_what_is_known_of_a_client_is_no_contact_with_them(self, api: ApiClient, targets: dict[str, int]) -> None:
        lead = take_in(api, date_mode="fixed", adults=2, budget={"amount": "5000", "currency": "EUR"})
        assert move(api, lead, "qualified")["first_response"]["state"] == "pending"
        assert move(api, lead, "proposal_sent")["first_response"]["state"] == "met"


class TestNextAction:
    def test_when_a_task_is_due_is_nobodys_word(self, api: ApiClient) -> None:
        into = take_in(api)
        other = asked_again(api, into)
        task = ask_for(api, other, "2030-06-01")
        made = ok(merge(api, into, shown(api, other)))
        assert "next_action_at" not in made["fields"]
        assert shown(api, into)["next_action_at"] == "2030-06-01T12:00:00Z"
        ok(api.post(f"/tasks/{task['id']}/complete", version="*"))
        assert shown(api, into)["next_action_at"] is None


class TestTogether:
    def test_nobody_is_refused_for_what_they_did_not_ask(self, api: ApiClient) -> None:
        into = take_in(api, start_date="2027-07-01", end_date=None, budget={"amount": "5000", "currency": "EUR"})
        other = asked_again(api, into, start_date="2027-05-01", end_date="2027-05-10", budget_per="person", nights=9)
        ok(merge(api, into, other))
        now = shown(api, into)
        assert (now["start_date"], now["end_date"], now["nights"]) == ("2027-07-01", None, None)
        assert (now["budget"]["amount"], now["budget_per"]) == ("5000.00", None)

    def test_all_of_it_is_the_others_where_nothing_is_known(self, api: ApiClient) -> None:
        into = take_in(api, start_date=None, end_date=None)
        other = asked_again(api, into, start_date="2027-05-01", end_date="2027-05-10", nights=9)
        ok(merge(api, into, other))
        now = shown(api, into)
        assert (now["start_date"], now["end_date"], now["nights"]) == ("2027-05-01", "2027-05-10", 9)
