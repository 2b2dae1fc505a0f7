"""The pipeline: which status follows which, and what each step asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core import clock
from core.db.session import UnitOfWork
from core.extensions import db
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads.models import StatusChange
from plugins.leads.schemas import Status
from plugins.leads.service import pipeline
from plugins.leads.service.pipeline import OPEN, STEPS

Enquire = Callable[..., dict[str, Any]]
LOST = {"to": "lost", "reason": "price", "note": "Found it cheaper"}


@pytest.fixture
def move(api: ApiClient) -> Callable[..., Any]:
    """Takes a lead to a status and gives the lead back."""

    def to(lead: dict[str, Any], status: str, **more: Any) -> Any:
        return ok(api.post(f"/leads/{lead['id']}/status", {"to": status, **more}, version=lead["version"]))

    return to


class TestGuards:
    def test_a_lead_is_qualified_once_enough_is_known(self, api: ApiClient) -> None:
        lead = ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)
        answer = api.post(f"/leads/{lead['id']}/status", {"to": "qualified"}, version=1)
        assert faults(answer) == dict.fromkeys(("/destinations", "/date_mode", "/adults", "/budget"), "required")

    def test_on_hold_needs_a_day_to_come(self, api: ApiClient, enquire: Enquire, move: Callable[..., Any]) -> None:
        lead = move(move(enquire(), "qualified"), "proposal_sent", note="By phone")
        path = f"/leads/{lead['id']}/status"
        assert faults(api.post(path, {"to": "on_hold"}, version="*")) == {"/hold_until": "required"}
        past = {"to": "on_hold", "hold_until": "2020-01-01"}
        assert faults(api.post(path, past, version="*")) == {"/hold_until": "past"}
        never = {"to": "on_hold", "hold_until": "9999-12-31"}
        assert faults(api.post(path, never, version="*")) == {"/hold_until": "value"}
        coming = str(clock.today("UTC") + timedelta(days=7))
        assert move(lead, "on_hold", hold_until=coming)["hold_until"] == coming

    def test_a_lost_lead_says_why(self, api: ApiClient, enquire: Enquire) -> None:
        answer = api.post(f"/leads/{enquire()['id']}/status", {"to": "lost", "reason": "mood"}, version=1)
        assert faults(answer) == {"/reason": "choice", "/note": "required"}

    def test_where_nothing_proves_a_step_the_agents_word_is_recorded_as_manual(
        self, api: ApiClient, enquire: Enquire, move: Callable[..., Any]
    ) -> None:
        lead = enquire()
        answer = api.post(f"/leads/{lead['id']}/status", {"to": "contacted"}, version=1)
        assert faults(answer) == {"/note": "required"}
        move(lead, "contacted", note="Called them")
        last = ok(api.get(f"/leads/{lead['id']}/status"))["items"][-1]
        assert (last["to_status"], last["manual"], last["note"]) == ("contacted", True, "Called them")

    def test_where_a_plugin_proves_a_step_the_agents_word_is_not_asked_for(
        self, api: ApiClient, enquire: Enquire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pipeline, "is_on", lambda name: name == "communications")
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "contacted"}, version=1))
        assert ok(api.get(f"/leads/{lead['id']}/status"))["items"][-1]["manual"] is False


class TestMoves:
    def test_from_enquiry_to_won(self, api: ApiClient, enquire: Enquire, move: Callable[..., Any]) -> None:
        lead = move(enquire(), "contacted", note="Called")
        lead = move(lead, "qualified")
        lead = move(lead, "proposal_sent", note="Sent by mail")
        lead = move(lead, "negotiation")
        lead = move(lead, "won", note="Signed on paper")
        assert lead["status"] == "won"
        steps = [step["to_status"] for step in ok(api.get(f"/leads/{lead['id']}/status"))["items"]]
        assert steps == ["new", "contacted", "qualified", "proposal_sent", "negotiation", "won"]
        events = {event["name"] for event in ok(api.get(f"/audit?subject_id={lead['id']}"))["items"]}
        assert {"leads.lead_created", "leads.lead_moved", "leads.lead_won"} <= events

    def test_the_history_tells_how_long_each_status_lasted(self, api: ApiClient) -> None:
        with time_machine.travel(clock.now(), tick=False) as now:
            lead = ok(api.post("/leads", {"contact": {"name": "Ben"}}), 201)
            now.shift(timedelta(minutes=5))
            ok(api.post(f"/leads/{lead['id']}/status", LOST, version=1))
        assert ok(api.get(f"/leads/{lead['id']}/status"))["items"][-1]["seconds_in_status"] == 300

    def test_steps_that_do_not_exist_are_refused(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        for status in ("new", "negotiation", "won", "on_hold"):
            answer = api.post(f"/leads/{lead['id']}/status", {"to": status, "note": "x"}, version=1)
            assert problem(answer) == (409, "lead_move_not_allowed"), status

    def test_a_lost_lead_can_come_back(self, api: ApiClient, enquire: Enquire, move: Callable[..., Any]) -> None:
        step = LOST | {"recycle_on": "2028-01-01"}
        lead = ok(api.post(f"/leads/{enquire()['id']}/status", step, version=1))
        assert (lead["lost_reason"], lead["recycle_on"]) == ("price", "2028-01-01")
        again = move(lead, "qualified")
        assert (again["status"], again["lost_reason"], again["recycle_on"]) == ("qualified", None, None)

    def test_reopening_a_won_lead_takes_a_permission(
        self, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire, move: Callable[..., Any]
    ) -> None:
        agent = agency.member("agent", team="Africa")
        lead = enquire(by=agent)
        for status in ("qualified", "proposal_sent", "won"):
            lead = move(lead, status, note="Said so")
        answer = agent.post(f"/leads/{lead['id']}/status", {"to": "negotiation"}, version="*")
        assert problem(answer) == (403, "forbidden")
        assert move(lead, "negotiation")["status"] == "negotiation"

    def test_two_at_once_one_is_late(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "qualified"}, version=1))
        assert problem(api.post(f"/leads/{lead['id']}/status", LOST, version=1)) == (412, "precondition_failed")

    def test_a_step_without_a_version_is_refused(self, api: ApiClient, enquire: Enquire) -> None:
        answer = api.post(f"/leads/{enquire()['id']}/status", LOST)
        assert problem(answer) == (428, "precondition_required")


class TestHistory:
    def test_comes_in_pages_the_oldest_step_first(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "qualified"}, version=1))
        page = ok(api.get(f"/leads/{lead['id']}/status?limit=1&count=exact"))
        assert ([step["to_status"] for step in page["items"]], page["total"]) == (["new"], 2)
        rest = ok(api.get(f"/leads/{lead['id']}/status?limit=1&cursor={page['next']}"))
        assert ([step["to_status"] for step in rest["items"]], rest["next"]) == (["qualified"], None)

    def test_is_only_added_to(self, work: UnitOfWork) -> None:
        rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
        asked = [func.has_table_privilege(StatusChange.__tablename__, right) for right in rights]
        assert tuple(db.session.execute(select(*asked)).one()) == (True, True, False, False, False)


# Said again here: a change of the map has to be meant.
FOLLOWS = {
    "new": {"contacted", "qualified", "lost"},
    "contacted": {"qualified", "lost"},
    "qualified": {"proposal_sent", "lost"},
    "proposal_sent": {"negotiation", "on_hold", "won", "lost"},
    "negotiation": {"on_hold", "won", "lost"},
    "on_hold": {"negotiation", "won", "lost"},
    "won": {"negotiation"},
    "lost": {"qualified"},
}


class TestWalks:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(walk=st.lists(st.sampled_from(sorted(FOLLOWS)), min_size=6, max_size=14))
    def test_take_the_steps_of_the_map_and_no_others(self, api: ApiClient, enquire: Enquire, walk: list[str]) -> None:
        lead = enquire()
        path, taken = f"/leads/{lead['id']}/status", ["new"]
        coming = str(clock.today("UTC") + timedelta(days=7))
        for to in walk:
            answer = api.post(path, {"to": to, "reason": "price", "note": "Said so", "hold_until": coming}, version="*")
            if to in FOLLOWS[taken[-1]]:
                assert ok(answer)["status"] == to
                taken.append(to)
            else:
                assert problem(answer) == (409, "lead_move_not_allowed")
        assert [step["to_status"] for step in ok(api.get(path))["items"]] == taken
        assert ok(api.get(f"/leads/{lead['id']}"))["status"] == taken[-1]


class TestMap:
    @pytest.mark.parametrize("status", OPEN)
    def test_every_open_status_can_be_lost(self, status: Status) -> None:
        assert status in STEPS["lost"].sources

    def test_every_status_but_the_first_can_be_reached(self) -> None:
        assert set(STEPS) == {*OPEN, "won", "lost"} - {"new"}
