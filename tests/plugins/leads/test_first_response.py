"""First responses: when they are due, what stops the clock, and who hears that one is overdue."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.jobs.models import JobEntry
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import api as leads_api
from plugins.leads import jobs
from plugins.leads.events import FirstResponseDue, FirstResponseOverdue
from plugins.leads.models import Lead
from plugins.leads.notices import OVERDUE
from plugins.leads.subscribers import look_when_due
from tests.contract.statements import Statements

Enquire = Callable[..., dict[str, Any]]
ALWAYS = [{"opens": "00:00", "closes": "24:00"}]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ALWAYS)
NO_TARGETS = dict.fromkeys(("urgent", "high", "normal", "low"))
TARGETS = NO_TARGETS | {"urgent": 15, "normal": 60}
OUTBOUND = {"direction": "outbound", "outcome": "answered"}


@pytest.fixture
def targets(api: ApiClient) -> dict[str, int]:
    """An agency that works round the clock and answers within an hour."""
    ok(api.post("/calendars", {"week": WEEK, "country": None}), 201)
    found: dict[str, int] = ok(api.call("PUT", "/leads/first-response", json=TARGETS))
    return found


def minutes_until_due(lead: dict[str, Any]) -> float:
    due, made = (datetime.fromisoformat(text) for text in (lead["first_response"]["due_at"], lead["created_at"]))
    return round((due - made) / timedelta(minutes=1), 1)


def put_back(agency: AgencyUnderTest, lead: dict[str, Any], **columns: datetime) -> None:
    """Have a lead's response be due at another time."""
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        db.session.execute(update(Lead).where(Lead.id == UUID(lead["id"])).values(**columns))


def look(agency: AgencyUnderTest) -> None:
    """What the job does."""
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        jobs.find_overdue_responses()


def events(api: ApiClient, lead: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [each["payload"] for each in ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.{name}"))["items"]]


class TestWhenItIsDue:
    def test_nothing_is_due_where_the_agency_set_no_time(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        assert (lead["priority"], lead["first_response"]) == ("normal", None)
        assert ok(api.get("/leads/first-response")) == NO_TARGETS
        assert events(api, lead, "first_response_due") == []

    def test_it_follows_from_the_priority(self, enquire: Enquire, targets: dict[str, int]) -> None:
        lead = enquire()
        assert lead["first_response"]["state"] == "pending"
        assert minutes_until_due(lead) == 60
        assert minutes_until_due(enquire(priority="urgent")) == 15
        assert enquire(priority="low")["first_response"] is None

    def test_it_is_working_time_of_the_leads_team(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        agency.member("agent", team="Africa")
        [team] = ok(api.get("/users/teams"))["items"]
        tomorrow = clock.today("UTC") + timedelta(days=1)
        hours = {"week": {}, "team_id": team["id"], "zone": "UTC", "country": None}
        hours["week"] = {tomorrow.strftime("%a").lower(): [{"opens": "12:00", "closes": "13:30"}]}
        ok(api.post("/calendars", hours), 201)
        lead = enquire(team_id=team["id"])
        assert lead["first_response"]["due_at"] == f"{tomorrow}T13:00:00Z"
        # Back to those who work round the clock.
        body = {"owner_id": None, "team_id": None}
        moved = ok(api.post(f"/leads/{lead['id']}/assignment", body, version="*"))
        assert minutes_until_due(moved) == 60
        assert len(events(api, lead, "first_response_due")) == 2

    def test_another_priority_reckons_it_anew_while_it_runs(
        self, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        changed = ok(api.patch(f"/leads/{lead['id']}", {"priority": "urgent"}, version="*"))
        assert minutes_until_due(changed) == 15
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        after = ok(api.patch(f"/leads/{lead['id']}", {"priority": "normal"}, version="*"))
        assert minutes_until_due(after) == 15

    def test_managers_set_it(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        agent, wanted = agency.member("agent"), NO_TARGETS | {"high": 30}
        assert problem(agent.call("PUT", "/leads/first-response", json=wanted)) == (403, "forbidden")
        assert faults(api.call("PUT", "/leads/first-response", json=wanted | {"high": 0})) == {"/high": "range"}
        ok(agency.member("manager").call("PUT", "/leads/first-response", json=wanted))
        assert ok(agent.get("/leads/first-response")) == wanted

    def test_what_is_left_out_is_asked_for_and_not_forgotten(self, api: ApiClient, targets: dict[str, int]) -> None:
        left_out = {"/high": "required", "/normal": "required", "/low": "required"}
        assert faults(api.call("PUT", "/leads/first-response", json={"urgent": 5})) == left_out

    def test_it_costs_a_lead_one_statement_and_nothing_where_it_is_not_used(
        self, api: ApiClient, enquire: Enquire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cost() -> int:
            enquire()
            seen = Statements()
            with seen.watching(monkeypatch):
                enquire()
            return seen.of_the_application

        without = cost()
        ok(api.call("PUT", "/leads/first-response", json=NO_TARGETS | {"normal": 60}))
        assert cost() == without + 1


class TestTheClock:
    def test_stops_at_the_first_contact_and_only_then(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        put_back(agency, lead, created_at=clock.now() - timedelta(minutes=30))
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        answered = ok(api.get(f"/leads/{lead['id']}"))["first_response"]
        assert (answered["state"], answered["working_minutes_taken"]) == ("met", 30)
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["first_response"] == answered
        assert events(api, lead, "first_response_given") == [
            {"lead_id": lead["id"], "in_time": True, "working_minutes": 30}
        ]

    def test_says_when_it_was_too_late(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        put_back(agency, lead, response_due_at=clock.now() - timedelta(minutes=1))
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["first_response"]["state"] == "late"

    def test_a_call_before_the_enquiry_was_no_quicker_than_at_once(
        self, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead, yesterday = enquire(), (clock.now() - timedelta(days=1)).isoformat()
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND | {"at": yesterday}), 201)
        answered = ok(api.get(f"/leads/{lead['id']}"))
        assert answered["first_response"]["responded_at"] == lead["created_at"]
        assert answered["first_response"]["working_minutes_taken"] == 0

    def test_a_call_long_before_the_enquiry_was_about_something_else(
        self, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND | {"at": "2020-01-01T00:00:00Z"}), 201)
        after = ok(api.get(f"/leads/{lead['id']}"))
        assert (after["status"], after["first_response"]) == ("new", lead["first_response"])

    @pytest.mark.parametrize(("step", "state"), [("contacted", "met"), ("qualified", "pending"), ("lost", "waived")])
    def test_stops_with_contact_and_not_with_what_is_known(
        self, api: ApiClient, enquire: Enquire, targets: dict[str, int], step: str, state: str
    ) -> None:
        lead = enquire()
        body = {"to": step, "note": "Spoke", "reason": "spam" if step == "lost" else None}
        moved = ok(api.post(f"/leads/{lead['id']}/status", body, version="*"))
        assert moved["first_response"]["state"] == state

    def test_stops_when_another_plugin_says_so(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            leads_api.reached(UUID(lead["id"]), clock.now())
        reached = ok(api.get(f"/leads/{lead['id']}"))
        assert (reached["status"], reached["first_response"]["state"]) == ("contacted", "met")

    def test_a_call_that_nobody_took_does_not_stop_it(
        self, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/calls", {"direction": "inbound", "outcome": "voicemail"}), 201)
        assert ok(api.get(f"/leads/{lead['id']}"))["first_response"]["state"] == "pending"


class TestOverdue:
    def test_is_found_and_told_once_however_many_look(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        late, early = [enquire() for _ in range(5)], enquire()
        for lead in late:
            put_back(agency, lead, response_due_at=clock.now() - timedelta(minutes=1))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: look(agency), range(4)))
        look(agency)
        for lead in late:
            assert len(events(api, lead, "first_response_overdue")) == 1
            shown = ok(api.get(f"/leads/{lead['id']}"))
            assert (shown["first_response"]["state"], shown["version"]) == ("overdue", 1)
        assert events(api, early, "first_response_overdue") == []

    def test_what_is_told_makes_the_lead_as_it_is(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        """Whoever folds the events of a lead knows that its response is overdue, and whether it came at last."""
        lead = enquire()
        put_back(agency, lead, response_due_at=clock.now() - timedelta(minutes=1))

        def folded() -> str | None:
            found: dict[str, Any] = {}
            for event in ok(api.get(f"/audit?subject_id={lead['id']}&sort=occurred_at"))["items"]:
                found |= event["after"] or {}
            state: str | None = found.get("response_state")
            return state

        look(agency)
        assert folded() == "overdue"
        [overdue] = ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.first_response_overdue"))["items"]
        assert (overdue["before"], overdue["after"]) == (
            {"response_state": "pending"},
            {"response_state": "overdue"},
        )
        ok(api.post(f"/leads/{lead['id']}/calls", OUTBOUND), 201)
        assert folded() == ok(api.get(f"/leads/{lead['id']}"))["first_response"]["state"] == "late"

    def test_is_listed(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        urgent, normal, unlimited = enquire(priority="urgent"), enquire(), enquire(priority="low")
        put_back(agency, normal, response_due_at=clock.now() - timedelta(minutes=1))
        look(agency)

        def ids(question: str) -> list[str]:
            return [row["id"] for row in ok(api.get(f"/leads?{question}"))["items"]]

        assert ids("response_state=overdue") == [normal["id"]]
        assert ids("sort=response_due_at") == [normal["id"], urgent["id"], unlimited["id"]]
        now = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        assert ids(f"response_due_at.lt={now}") == [normal["id"]]
        assert ids("priority=urgent") == [urgent["id"]]
        ok(api.post(f"/leads/{normal['id']}/calls", OUTBOUND), 201)
        assert ids("response_state.in=overdue,pending") == [urgent["id"]]
        assert ids(f"response_due_at.lt={now}") == []

    def test_is_not_awaited_of_what_was_put_away(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        put_back(agency, lead, response_due_at=clock.now() - timedelta(minutes=1))
        ok(api.delete(f"/leads/{lead['id']}", version="*"), 204)
        look(agency)
        assert events(api, lead, "first_response_overdue") == []
        ok(api.post(f"/leads/{lead['id']}/restore"))
        look(agency)
        assert len(events(api, lead, "first_response_overdue")) == 1

    def test_is_looked_for_in_the_minute_after_it_is_due(
        self, agency: AgencyUnderTest, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        lead = enquire()
        due = datetime.fromisoformat(lead["first_response"]["due_at"])
        with agency.app.app_context():
            for _ in range(2):
                with unit_of_work(), acting_as(system(agency.id)):
                    look_when_due(FirstResponseDue(lead_id=UUID(lead["id"]), due_at=due))
            with unit_of_work(), acting_as(system(agency.id)):
                waiting = db.session.query(JobEntry).filter_by(name="leads.find_overdue_responses").all()
        [at] = [job.run_at for job in waiting]
        assert due <= at <= due + timedelta(minutes=1)

    def test_its_owner_and_the_managers_of_its_team_hear_of_it(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, targets: dict[str, int]
    ) -> None:
        agent, manager = agency.member("agent", team="Africa"), agency.member("manager", team="Africa")
        agency.member("manager", team="Asia")
        lead = enquire(by=agent)
        assert self.told(agency, lead) == {agent.user_id, manager.user_id}
        ok(api.post(f"/leads/{lead['id']}/assignment", {"owner_id": None, "team_id": None}, version="*"))
        everybody = self.told(agency, lead)
        assert agent.user_id not in everybody
        assert {api.user_id, manager.user_id} < everybody

    def told(self, agency: AgencyUnderTest, lead: dict[str, Any]) -> set[UUID | None]:
        event = FirstResponseOverdue(lead_id=UUID(lead["id"]), owner_id=None, team_id=None, due_at=clock.now())
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            return set(OVERDUE.recipients(event))
