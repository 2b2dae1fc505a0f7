"""What tasks mean to others: people who leave, people who are erased, and what tasks are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.privacy import api as privacy
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.service import erasure as leads
from plugins.tasks import api as tasks
from plugins.tasks.service import erasure

Make = Callable[..., dict[str, Any]]


class TestErasing:
    def test_leaves_nothing_of_what_was_to_be_done_about_somebody(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        about = lead()
        task = make(title="Visa for Ben", note="He is ill", subject="leads.lead", subject_id=about["id"])
        other = make(title="Visa for Eva")
        person = privacy.Subject(
            kind=privacy.CONTACT, id=UUID(about["contact_id"]), rows=frozenset({UUID(about["id"])})
        )
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            assert [each.values["title"] for each in erasure.held(person)] == ["Visa for Ben"]
            assert [(each.table, each.rows) for each in erasure.erase(person)] == [("tasks_task", 1)]
        shown = ok(api.get(f"/tasks/{task['id']}"))
        assert (shown["title"], shown["note"]) == (privacy.NAMELESS, None)
        assert [each["id"] for each in ok(api.get("/tasks?q=visa"))["items"]] == [other["id"]]


class TestWhenTheTimeOfALeadIsOver:
    def test_nothing_is_left_of_what_was_to_be_done_about_it(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        """Also where the tasks are all that says anything, and again where somebody writes another one."""
        lost, other = lead(), lead()
        ok(api.post(f"/leads/{lost['id']}/status", {"to": "lost", "reason": "price", "note": "x"}, version="*"))
        kept = make(title="Visa for Eva", note="She is well", subject="leads.lead", subject_id=other["id"])
        for title in ("Visa for Ben", "Passport of Ben"):
            task = make(title=title, note="He is ill", subject="leads.lead", subject_id=lost["id"])
            ok(api.post(f"/tasks/{task['id']}/complete", version="*"))
            with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
                now = clock.now()
                assert (leads.count_lost(now), leads.forget_lost(now, 100), leads.count_lost(now)) == (1, 1, 0)
            shown = ok(api.get(f"/tasks/{task['id']}"))
            assert (shown["title"], shown["note"], shown["state"]) == (privacy.NAMELESS, None, "done")
        assert ok(api.get(f"/tasks/{kept['id']}"))["note"] == "She is well"
        assert [each["id"] for each in ok(api.get("/tasks?q=visa"))["items"]] == [kept["id"]]
        assert ok(api.get("/tasks?q=ben"))["items"] == []


class TestNextDue:
    def test_is_that_of_the_first_open_task_of_each_thing(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient, make: Make, lead: Make
    ) -> None:
        one, other, without = lead(), lead(), lead()
        for thing, day in ((one, "2027-05-12"), (one, "2027-05-11"), (other, "2027-05-13")):
            make(subject="leads.lead", subject_id=thing["id"], due_on=day, zone="UTC")
        first = ok(api.get(f"/tasks?subject_id={one['id']}"))["items"][0]
        ok(api.post(f"/tasks/{first['id']}/complete", version=1))
        with app.app_context(), acting_as(system(agency.id)):
            found = tasks.next_due(UUID(each["id"]) for each in (one, other, without))
        assert {str(thing): due.day for thing, due in found.items()} == {one["id"]: 13, other["id"]: 14}
