"""Tasks: making, changing, finishing, repeating and giving them away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from core import ids
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Make = Callable[..., dict[str, Any]]
NOW = "2027-05-10T09:00:00Z"
DAILY = {"due_on": "2027-05-10", "due_time": "14:30", "rrule": "FREQ=DAILY;COUNT=3"}


@pytest.fixture(autouse=True)
def stopped_clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def do(api: ApiClient, task: dict[str, Any], verb: str, body: Any = None, version: int | None = None) -> Any:
    return api.post(f"/tasks/{task['id']}/{verb}", body, version=version or task["version"])


class TestMaking:
    def test_it_is_its_makers_and_open(self, api: ApiClient, make: Make) -> None:
        task = make()
        assert (task["owner_id"], task["state"], task["due_at"]) == (str(api.user_id), "open", None)
        assert ok(api.get(f"/tasks/{task['id']}")) == task

    def test_a_time_is_by_the_clocks_of_its_zone(self, make: Make) -> None:
        task = make(due_on="2027-05-14", due_time="14:30", zone="Europe/Lisbon")
        assert task["due_at"] == "2027-05-14T13:30:00Z"
        assert make(due_on="2027-05-14", zone="Asia/Kolkata")["due_at"] == "2027-05-14T18:30:00Z"

    def test_every_fault_is_told(self, api: ApiClient) -> None:
        draft = {"title": "Call", "due_time": "14:30", "zone": "Moon/Base", "subject": "leads.lead"}
        found = faults(api.post("/tasks", draft))
        assert found == {"/subject_id": "required", "/zone": "zone", "/due_on": "required"}
        unknown = {"title": "Call", "subject": "leads.lead", "subject_id": str(ids.new())}
        assert faults(api.post("/tasks", unknown)) == {"/subject_id": "unknown"}
        assert faults(api.post("/tasks", unknown | {"subject": "tasks.task"})) == {"/subject": "choice"}
        assert ok(api.get("/tasks"))["items"] == []

    def test_lists_are_by_day_owner_state_and_words(self, api: ApiClient, make: Make) -> None:
        late, soon, never = make(due_on="2027-06-01"), make(due_on="2027-05-11", title="Visa for Ben"), make()
        ok(do(api, late, "complete"))

        def listed(question: str) -> list[str]:
            return [each["id"] for each in ok(api.get(f"/tasks?{question}"))["items"]]

        assert listed("") == [soon["id"], late["id"], never["id"]]
        assert listed("due_at.lte=2027-05-31T00:00:00Z") == [soon["id"]]
        assert listed(f"state=open&owner_id={api.user_id}") == [soon["id"], never["id"]]
        assert listed("q=visa") == [soon["id"]]


class TestChanging:
    def test_a_new_day_moves_the_instant(self, api: ApiClient, make: Make) -> None:
        task = make(due_on="2027-05-14", due_time="14:30", zone="Europe/Lisbon")
        changed = ok(api.patch(f"/tasks/{task['id']}", {"due_on": "2027-12-01", "title": "Ask"}, version=1))
        assert (changed["due_at"], changed["title"]) == ("2027-12-01T14:30:00Z", "Ask")
        assert problem(api.patch(f"/tasks/{task['id']}", {"title": "No"}, version=1)) == (412, "precondition_failed")

    def test_a_refused_change_changes_nothing(self, api: ApiClient, make: Make) -> None:
        task = make(**DAILY)
        path = f"/tasks/{task['id']}"
        assert faults(api.patch(path, {"due_on": None}, version=1)) == {"/due_on": "required"}
        assert faults(api.patch(path, {"rrule": "FREQ=DAILY"}, version=1)) == {"/rrule": "unbounded"}
        assert ok(api.get(path)) == task

    def test_what_is_done_is_reopened_first(self, api: ApiClient, make: Make) -> None:
        task = make()
        done = ok(do(api, task, "complete"))["task"]
        assert done["finished_at"] == NOW
        assert problem(api.patch(f"/tasks/{task['id']}", {"title": "No"}, version=2)) == (409, "task_not_open")
        assert problem(do(api, task, "complete", version=2)) == (409, "task_not_open")
        assert ok(do(api, task, "reopen", version=2))["state"] == "open"


class TestSnoozing:
    def test_until_an_instant_or_a_morning(self, api: ApiClient, make: Make) -> None:
        task = make()
        until = ok(do(api, task, "snooze", {"until": "2027-05-11T07:00:00+02:00"}))
        assert until["snoozed_until"] == "2027-05-11T05:00:00Z"
        assert ok(do(api, until, "snooze", {"day": "2027-05-12"}))["snoozed_until"] == "2027-05-12T08:00:00Z"

    @pytest.mark.parametrize(
        ("body", "found"),
        [
            ({}, {"/until": "required"}),
            ({"until": "2027-05-11T07:00:00Z", "day": "2027-05-11"}, {"/until": "either"}),
            ({"until": "2027-05-09T07:00:00Z"}, {"/until": "past"}),
            ({"day": "2027-05-09"}, {"/day": "past"}),
            ({"until": "2027-05-11T07:00:00Z", "time": "10:00"}, {"/time": "unexpected"}),
            ({"until": "9999-01-01T00:00:00Z"}, {"/until": "value"}),
            ({"day": "9999-01-01"}, {"/day": "value"}),
        ],
    )
    def test_refuses(self, api: ApiClient, make: Make, body: Any, found: Any) -> None:
        assert faults(do(api, make(), "snooze", body)) == found


class TestRepeating:
    def test_completing_one_makes_the_next_until_the_rule_ends(self, api: ApiClient, make: Make) -> None:
        task: Any = make(**DAILY, zone="Europe/Lisbon")
        days = []
        while task is not None:
            days.append(task["due_at"])
            task = ok(do(api, task, "complete"))["next"]
        assert days == ["2027-05-10T13:30:00Z", "2027-05-11T13:30:00Z", "2027-05-12T13:30:00Z"]

    def test_the_clock_time_stays_when_clocks_change(self, api: ApiClient, make: Make) -> None:
        rule = {"due_on": "2027-10-30", "due_time": "09:00", "rrule": "FREQ=DAILY;COUNT=2", "zone": "Europe/Lisbon"}
        task = make(**rule)
        following = ok(do(api, task, "complete"))["next"]
        assert (task["due_at"], following["due_at"]) == ("2027-10-30T08:00:00Z", "2027-10-31T09:00:00Z")

    def test_what_was_late_leaves_no_pile(self, api: ApiClient, make: Make) -> None:
        task = make(due_on="2027-05-01", rrule="FREQ=DAILY;UNTIL=20270601")
        assert ok(do(api, task, "complete"))["next"]["due_on"] == "2027-05-10"

    def test_one_is_skipped_or_moved_and_the_others_stay(self, api: ApiClient, make: Make) -> None:
        task = make(**DAILY)
        moved = ok(api.patch(f"/tasks/{task['id']}", {"due_on": "2027-05-20"}, version=1))
        skipped = ok(do(api, moved, "skip"))
        assert (skipped["task"]["state"], skipped["next"]["due_on"]) == ("cancelled", "2027-05-11")
        assert problem(do(api, make(), "skip")) == (409, "task_does_not_repeat")

    def test_a_form_that_sends_the_rule_back_goes_on_with_the_series(self, api: ApiClient, make: Make) -> None:
        task = ok(do(api, make(**DAILY), "complete"))["next"]
        shown = {name: task[name] for name in ("title", "due_on", "due_time", "zone")}
        sent = shown | {"rrule": "count=3;freq=daily"}
        kept = ok(api.patch(f"/tasks/{task['id']}", sent | {"title": "Ask"}, version=1))
        assert kept == task | {"title": "Ask", "version": 2, "updated_at": kept["updated_at"]}
        moved = ok(api.patch(f"/tasks/{task['id']}", sent | {"due_on": "2027-05-20"}, version=2))
        assert (moved["due_on"], moved["series_id"]) == ("2027-05-20", task["series_id"])
        last = ok(do(api, moved, "complete"))["next"]
        assert (last["due_on"], ok(do(api, last, "complete"))["next"]) == ("2027-05-12", None)

    def test_a_form_that_sends_when_back_leaves_it_put_off(self, api: ApiClient, make: Make) -> None:
        task = make(**DAILY)
        ok(do(api, task, "snooze", {"day": "2027-05-11"}))
        sent = {name: task[name] for name in ("title", "due_on", "due_time", "zone", "rrule")}
        assert ok(api.patch(f"/tasks/{task['id']}", sent, version=2))["snoozed_until"] == "2027-05-11T08:00:00Z"

    def test_reopened_and_done_again_it_has_one_next(self, api: ApiClient, make: Make) -> None:
        task = make(**DAILY)
        ok(do(api, task, "complete"))
        ok(do(api, task, "reopen", version=2))
        assert ok(do(api, task, "complete", version=3))["next"] is None
        assert len(ok(api.get("/tasks?state=open"))["items"]) == 1

    def test_cancelling_ends_the_series(self, api: ApiClient, make: Make) -> None:
        assert ok(do(api, make(**DAILY), "cancel"))["state"] == "cancelled"
        assert ok(api.get("/tasks?state=open"))["items"] == []


class TestReach:
    def test_a_task_about_a_lead_is_for_who_may_see_the_lead(
        self, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        agent, read_only = agency.member("agent", team="Asia"), agency.member("read_only")
        mine, theirs = lead(by=agent), lead()
        about = {"subject": "leads.lead", "subject_id": mine["id"]}
        seen, hidden = make(by=agent, **about), make(subject="leads.lead", subject_id=theirs["id"])
        assert [each["id"] for each in ok(agent.get("/tasks"))["items"]] == [seen["id"]]
        assert {each["id"] for each in ok(read_only.get("/tasks"))["items"]} == {seen["id"], hidden["id"]}
        assert problem(agent.get(f"/tasks/{hidden['id']}")) == (404, "not_found")
        # Handing the lead over takes its tasks out of sight, though they are the agent's own.
        ok(api.post(f"/leads/{mine['id']}/assignment", {"owner_id": str(api.user_id), "team_id": None}, version="*"))
        assert ok(agent.get("/tasks"))["items"] == []
        assert problem(do(agent, seen, "complete")) == (404, "not_found")

    def test_nobody_gets_a_task_about_what_they_may_not_see(
        self, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        agent, about = agency.member("agent", team="Asia"), {"subject": "leads.lead", "subject_id": lead()["id"]}
        draft = {"title": "Call", "owner_id": str(agent.user_id), **about}
        assert faults(api.post("/tasks", draft)) == {"/owner_id": "cannot_see"}
        given = {"owner_id": str(agent.user_id)}
        assert faults(do(api, make(**about), "assignment", given)) == {"/owner_id": "cannot_see"}
        assert ok(do(api, make(), "assignment", given))["owner_id"] == str(agent.user_id)

    def test_what_is_put_away_takes_its_tasks_along(self, api: ApiClient, make: Make, lead: Make) -> None:
        about = lead()
        task = make(subject="leads.lead", subject_id=about["id"])
        ok(api.delete(f"/leads/{about['id']}", version=1), 204)
        assert problem(api.get(f"/tasks/{task['id']}")) == (404, "not_found")
        ok(api.post(f"/leads/{about['id']}/restore"))
        ok(api.get(f"/tasks/{task['id']}"))

    def test_another_agency_sees_nothing(self, other_agency: AgencyUnderTest, make: Make) -> None:
        stranger, task = other_agency.member("owner"), make()
        assert problem(stranger.get(f"/tasks/{task['id']}")) == (404, "not_found")
        assert ok(stranger.get("/tasks"))["items"] == []
