"""Telling people of tasks that are due: when, whom, and each once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, text, update

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.event import revive
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok, switch_off
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from plugins.tasks import notices
from plugins.tasks.service import reminders

Make = Callable[..., dict[str, Any]]
NOON = "2027-05-10T12:00:00Z"


class Told:
    """Lets the clock strike, and says what was told of a task by then."""

    def __init__(self, app: Application, agency: AgencyUnderTest) -> None:
        self.app, self.agency = app, agency

    def at(self, instant: str) -> list[str]:
        """What is told of anything at an instant."""
        with time_machine.travel(instant, tick=False):
            return self.now()

    def now(self) -> list[str]:
        before = self._events()
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            reminders.send()
        return self._events()[len(before) :]

    def _events(self) -> list[str]:
        names = ("tasks.task_due_soon", "tasks.task_overdue")
        told = select(EventEntry.name).where(EventEntry.name.in_(names)).order_by(EventEntry.seq)
        with self.app.app_context(), acting_as(system(self.agency.id)):
            return [name.removeprefix("tasks.task_") for name in db.session.scalars(told)]


@pytest.fixture
def told(app: Application, agency: AgencyUnderTest) -> Told:
    return Told(app, agency)


@pytest.fixture(autouse=True)
def stopped_clock() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


class TestWhen:
    def test_before_it_is_due_and_as_it_is_each_once(self, make: Make, told: Told) -> None:
        make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        assert told.at("2027-05-10T14:29:00Z") == []
        assert told.at("2027-05-10T14:30:00Z") == ["due_soon"]
        assert told.at("2027-05-10T14:59:00Z") == []
        assert told.at("2027-05-10T15:00:00Z") == ["overdue"]
        assert told.at("2027-05-11T15:00:00Z") == []

    def test_a_worker_that_was_away_tells_what_is_overdue_alone(self, make: Make, told: Told) -> None:
        make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        assert told.at("2027-05-12T15:00:00Z") == ["overdue"]
        assert told.at("2027-05-12T15:00:00Z") == []

    def test_of_a_day_in_the_morning_of_whoever_is_to_do_it(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, told: Told
    ) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(update(User).where(User.id == api.user_id).values(zone="Asia/Tokyo"))
        make(due_on="2027-05-12", zone="UTC")
        # Eight in Tokyo.
        assert told.at("2027-05-11T22:59:00Z") == []
        assert told.at("2027-05-11T23:00:00Z") == ["due_soon"]
        assert told.at("2027-05-13T00:00:00Z") == ["overdue"]

    def test_what_was_put_off_is_told_of_when_it_is_back(self, api: ApiClient, make: Make, told: Told) -> None:
        task = make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        ok(api.post(f"/tasks/{task['id']}/snooze", {"until": "2027-05-12T10:00:00Z"}, version=1))
        assert told.at("2027-05-11T15:00:00Z") == []
        assert told.at("2027-05-12T10:00:00Z") == ["overdue"]
        undated = make()
        ok(api.post(f"/tasks/{undated['id']}/snooze", {"until": "2027-05-13T10:00:00Z"}, version=1))
        assert told.at("2027-05-13T10:00:00Z") == ["due_soon"]

    @pytest.mark.parametrize("verb", ["complete", "cancel"])
    def test_not_of_what_need_not_be_done(self, api: ApiClient, make: Make, told: Told, verb: str) -> None:
        task = make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        ok(api.post(f"/tasks/{task['id']}/{verb}", version=1))
        assert told.at("2027-05-12T15:00:00Z") == []

    def test_two_at_once_tell_each_once(
        self, app: Application, agency: AgencyUnderTest, make: Make, told: Told
    ) -> None:
        for _ in range(20):
            make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        start = threading.Barrier(2)

        def work() -> None:
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                start.wait()
                reminders.send()

        with time_machine.travel("2027-05-10T16:00:00Z", tick=False):
            workers = [threading.Thread(target=work) for _ in range(2)]
            for each in workers:
                each.start()
            for each in workers:
                each.join()
        assert told.at("2027-05-10T16:00:00Z") == []
        assert told._events() == ["overdue"] * 20


class TestTheTask:
    def test_is_as_it_was_for_whoever_is_changing_it(self, api: ApiClient, make: Make, told: Told) -> None:
        task = make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        assert told.at("2027-05-10T14:30:00Z") == ["due_soon"]
        assert ok(api.get(f"/tasks/{task['id']}")) == task
        changed = ok(api.patch(f"/tasks/{task['id']}", {"title": "Ask about the flights"}, version=task["version"]))
        assert changed["title"] == "Ask about the flights"
        assert told.at("2027-05-10T15:00:00Z") == ["overdue"]


class TestWhom:
    def audience(self, app: Application, agency: AgencyUnderTest, name: str, **payload: Any) -> set[UUID]:
        kinds = {notice.name: notice for notice in notices.ALL}
        notice = kinds[name]
        event = revive(notice.events[0].name, 1, payload)
        with app.app_context(), acting_as(system(agency.id)):
            return set(notice.recipients(event))

    def test_who_is_to_do_it_or_the_team_while_it_is_nobodys(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make
    ) -> None:
        agent = agency.member("agent", team="Asia")
        task = make(by=agent)
        assert self.audience(app, agency, "tasks.overdue", task_id=task["id"]) == {agent.user_id}
        team = {"owner_id": None, "team_id": task["team_id"]}
        ok(api.post(f"/tasks/{task['id']}/assignment", team, version=1))
        assert self.audience(app, agency, "tasks.due_soon", task_id=task["id"]) == {agent.user_id}

    def test_not_who_may_no_longer_see_what_it_is_about(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        agent = agency.member("agent", team="Asia")
        mine = lead(by=agent)
        task = make(by=agent, subject="leads.lead", subject_id=mine["id"])
        assert self.audience(app, agency, "tasks.overdue", task_id=task["id"]) == {agent.user_id}
        ok(api.post(f"/leads/{mine['id']}/assignment", {"owner_id": str(api.user_id), "team_id": None}, version="*"))
        assert self.audience(app, agency, "tasks.overdue", task_id=task["id"]) == set()

    def test_nobody_where_what_it_is_about_is_switched_off(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        task = make(subject="leads.lead", subject_id=lead()["id"])
        assert self.audience(app, agency, "tasks.overdue", task_id=task["id"]) == {api.user_id}
        switch_off(api, "leads")
        assert self.audience(app, agency, "tasks.overdue", task_id=task["id"]) == set()


class TestAsking:
    def test_is_by_index_alone(self, app: Application, agency: AgencyUnderTest, make: Make) -> None:
        make(due_on="2027-05-10", due_time="15:00", zone="UTC")
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(text("SET LOCAL enable_seqscan = off"))
            asked = "EXPLAIN SELECT * FROM tasks_task WHERE agency_id = :agency AND remind_at <= now()"
            plan = db.session.execute(
                text(f"{asked} ORDER BY remind_at, id LIMIT 200 FOR UPDATE SKIP LOCKED"), {"agency": agency.id}
            )
            assert "tasks_task_remind_at_idx" in "\n".join(row[0] for row in plan)
