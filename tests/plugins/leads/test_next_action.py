"""What comes next on a lead: the first open task about it, or what somebody said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.plugins.manager import installed
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from plugins.leads.events.waiting import UnownedLeadsIdle
from plugins.leads.notices import IDLE_UNOWNED
from plugins.leads.settings import LeadSettings

Enquire = Callable[..., dict[str, Any]]


def ask_for(api: ApiClient, lead: dict[str, Any], day: str) -> dict[str, Any]:
    """A task about a lead, due at noon of a day."""
    draft = {"title": "Call", "subject": "leads.lead", "subject_id": lead["id"], "due_on": day, "due_time": "12:00"}
    made: dict[str, Any] = ok(api.post("/tasks", draft | {"zone": "UTC"}), 201)
    return made


def done(api: ApiClient, task: dict[str, Any]) -> Any:
    return ok(api.post(f"/tasks/{task['id']}/complete", version=task["version"]))


def next_action(api: ApiClient, lead: dict[str, Any]) -> Any:
    return ok(api.get(f"/leads/{lead['id']}"))["next_action_at"]


@pytest.fixture
def following_up(app: Application) -> Iterator[None]:
    """Three days after the last task was done there is another one."""
    with app.app_context():
        settings = next(each for each in installed().settings.values() if isinstance(each, LeadSettings))
    settings.follow_up_days = 3
    yield
    settings.follow_up_days = 0


class TestNextAction:
    def test_is_the_first_open_task_or_what_somebody_said(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(next_action_at="2031-01-01T08:00:00Z")
        later, sooner = ask_for(api, lead, "2030-06-02"), ask_for(api, lead, "2030-06-01")
        assert next_action(api, lead) == "2030-06-01T12:00:00Z"
        done(api, sooner)
        assert next_action(api, lead) == "2030-06-02T12:00:00Z"
        moved = ok(api.patch(f"/tasks/{later['id']}", {"due_on": "2030-06-05"}, version=1))
        assert next_action(api, lead) == "2030-06-05T12:00:00Z"
        ok(api.post(f"/tasks/{later['id']}/cancel", version=moved["version"]))
        assert next_action(api, lead) == "2031-01-01T08:00:00Z"

    def test_a_task_disturbs_nobody_who_is_changing_the_lead(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire()
        ask_for(api, lead, "2030-06-01")
        changed = ok(api.patch(f"/leads/{lead['id']}", {"next_action_at": "2030-01-01T08:00:00Z"}, version=1))
        assert changed["next_action_at"] == "2030-06-01T12:00:00Z"

    def test_leads_without_any_are_listed_while_they_are_open(self, api: ApiClient, enquire: Enquire) -> None:
        idle, lost, said, asked = enquire(), enquire(), enquire(next_action_at="2031-01-01T08:00:00Z"), enquire()
        ask_for(api, asked, "2030-06-01")
        ok(api.post(f"/leads/{lost['id']}/status", {"to": "lost", "reason": "price", "note": "Too dear"}, version="*"))
        assert [each["id"] for each in ok(api.get("/leads?needs_action=true"))["items"]] == [idle["id"]]
        others = {each["id"] for each in ok(api.get("/leads?needs_action=false"))["items"]}
        assert others == {lost["id"], said["id"], asked["id"]}


class TestFollowingUp:
    def test_the_last_task_of_an_open_lead_brings_another(
        self, api: ApiClient, enquire: Enquire, following_up: None
    ) -> None:
        lead = enquire()
        first, last = ask_for(api, lead, "2030-06-01"), ask_for(api, lead, "2030-06-02")
        assert done(api, first)["suggested"] is None
        suggested = done(api, last)["suggested"]
        assert (suggested["title"], suggested["subject_id"], suggested["owner_id"]) == (
            "Follow up",
            lead["id"],
            str(api.user_id),
        )
        assert next_action(api, lead) == suggested["due_at"]

    def test_that_of_a_lost_lead_does_not(self, api: ApiClient, enquire: Enquire, following_up: None) -> None:
        lead = enquire()
        task = ask_for(api, lead, "2030-06-01")
        ok(api.post(f"/leads/{lead['id']}/status", {"to": "lost", "reason": "price", "note": "Too dear"}, version="*"))
        assert done(api, task)["suggested"] is None

    def test_is_off_unless_somebody_sets_the_days(self, api: ApiClient, enquire: Enquire) -> None:
        assert done(api, ask_for(api, enquire(), "2030-06-01"))["suggested"] is None


class TestIdle:
    def test_each_owner_is_told_how_many(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent = agency.member("agent", team="Asia")
        enquire(), enquire(), enquire(by=agent), enquire(owner_id=None)
        enquire(by=agent, next_action_at="2031-01-01T08:00:00Z")
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            jobs.find_idle_leads()
        with app.app_context(), acting_as(system(agency.id)):
            told = db.session.scalars(select(EventEntry.payload).where(EventEntry.name == "leads.leads_idle"))
            assert {each["owner_id"]: each["count"] for each in told} == {str(api.user_id): 2, str(agent.user_id): 1}

    def test_of_leads_that_nobody_owns_managers_are_told(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent, manager = agency.member("agent", team="Asia"), agency.member("manager", team="Asia")
        [team] = ok(api.get("/users/teams"))["items"]
        enquire(owner_id=None), enquire(owner_id=None, team_id=team["id"]), enquire(owner_id=None, team_id=team["id"])
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            jobs.find_idle_leads()
        with app.app_context(), acting_as(system(agency.id)):
            told = db.session.scalars(select(EventEntry.payload).where(EventEntry.name == "leads.unowned_leads_idle"))
            counts = {each["team_id"]: each["count"] for each in told}
            assert counts == {team["id"]: 2, None: 1}
            events = [UnownedLeadsIdle(agency_id=agency.id, team_id=each, count=1) for each in (UUID(team["id"]), None)]
            of_team, of_nobody = (set(IDLE_UNOWNED.recipients(event)) for event in events)
        assert of_team == {manager.user_id}
        assert {api.user_id, manager.user_id} <= of_nobody
        assert agent.user_id not in of_nobody


class TestMerging:
    def test_tasks_go_along_and_come_back(self, api: ApiClient, enquire: Enquire) -> None:
        into = enquire(next_action_at="2031-01-01T08:00:00Z")
        other = enquire(contact_id=into["contact_id"])
        mine, theirs = ask_for(api, into, "2030-06-02"), ask_for(api, other, "2030-06-01")
        body = {"other_id": other["id"], "other_version": other["version"], "fields": {"next_action_at": "other"}}
        made = ok(api.post(f"/leads/{into['id']}/merge", body, version=into["version"]))
        assert next_action(api, into) == "2030-06-01T12:00:00Z"
        assert ok(api.get(f"/tasks/{theirs['id']}"))["subject_id"] == into["id"]
        tasks = ok(api.get(f"/leads/{into['id']}/timeline?kinds=task"))["items"]
        assert {each["id"] for each in tasks} == {mine["id"], theirs["id"]}
        ok(api.post(f"/leads/merges/{made['id']}/undo"))
        assert next_action(api, into) == "2030-06-02T12:00:00Z"
        assert next_action(api, other) == "2030-06-01T12:00:00Z"
        assert ok(api.get(f"/tasks/{theirs['id']}"))["subject_id"] == other["id"]


class TestTwoAtOnce:
    def test_the_last_tasks_done_together_leave_none_behind(self, api: ApiClient, enquire: Enquire) -> None:
        lead = enquire(next_action_at="2031-01-01T08:00:00Z")
        tasks = [ask_for(api, lead, f"2030-06-{day:02}") for day in range(1, 9)]
        with ThreadPoolExecutor(4) as people:
            list(people.map(lambda task: done(api, task), tasks))
        assert next_action(api, lead) == "2031-01-01T08:00:00Z"

    def test_a_task_is_done_once(self, api: ApiClient, enquire: Enquire) -> None:
        task = ask_for(api, enquire(), "2030-06-01")
        ok(api.patch(f"/tasks/{task['id']}", {"rrule": "FREQ=DAILY;COUNT=5"}, version=1))
        with ThreadPoolExecutor(4) as people:
            answers = list(people.map(lambda _: api.post(f"/tasks/{task['id']}/complete", version="*"), range(4)))
        assert [each.status_code for each in answers].count(200) == 1
        assert {each.status_code for each in answers} <= {200, 409, 412}
        assert len(ok(api.get("/tasks?state=open"))["items"]) == 1
