"""What happens while an import is worked on: others want to work, rights end, jobs of before come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core import clock
from core.actor import system
from core.agencies import suspension
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.imports import keeping, work
from core.imports.attempts import Attempts
from core.plugins import agencies
from core.privacy.subjects import CONTACT, Subject
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.imports.bringing import LEADS, Bringing
from tests.worker import Worker

ROWS = [("name", "email"), *((f"Client {n}", f"client{n}@example.com") for n in range(7))]


def count(api: ApiClient) -> int:
    total: int = ok(api.get("/contacts?count=exact&limit=1"))["total"]
    return total


def by_hand(app: Application, agency_id: UUID, act: Callable[[], Any]) -> None:
    """Do something in an agency as nobody's request does it."""
    with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
        act()


def checked(bringing: Bringing) -> str:
    import_id = bringing.uploaded(ROWS)
    assert bringing.do(import_id, "check")["good"] == 7
    return import_id


@contextmanager
def after_three_rows(act: Callable[[], Any]) -> Iterator[None]:
    """Have something happen once between two portions of a run."""
    real, left = work._bring_in, [act]

    def bring_in(*given: Any) -> int:
        came = real(*given)
        if left:
            left.pop()()
        return came

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "PORTION", 3)
        patch.setattr(work, "SECONDS", 60)
        patch.setattr(work, "_bring_in", bring_in)
        yield


class TestAJobOfBefore:
    def test_that_is_repeated_leaves_what_was_done_since(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS)
        ok(bringing.ask(import_id, "check"), 202)
        job_id = bringing.show(import_id)["job_id"]
        ok(bringing.api.post(f"/jobs/mine/{job_id}/cancel"))
        bringing.do(import_id, "check")
        before = bringing.do(import_id, "run")
        rows = bringing.rows(import_id)
        ok(bringing.api.post(f"/jobs/{job_id}/retry"))
        bringing.worker.work()
        assert ok(bringing.api.get(f"/jobs/{job_id}"))["state"] == "dead"
        assert bringing.show(import_id) == before
        assert bringing.rows(import_id) == rows

    def test_brings_nothing_in_again_that_was_taken_back(self, bringing: Bringing) -> None:
        import_id = checked(bringing)
        ok(bringing.ask(import_id, "run"), 202)
        job_id = bringing.show(import_id)["job_id"]
        ok(bringing.api.post(f"/jobs/mine/{job_id}/cancel"))
        bringing.do(import_id, "run")
        before = bringing.do(import_id, "revert")
        ok(bringing.api.post(f"/jobs/{job_id}/retry"))
        bringing.worker.work()
        assert count(bringing.api) == 0
        assert bringing.show(import_id) == before

    def test_goes_on_where_it_is_the_one_that_was_asked_for(self, bringing: Bringing) -> None:
        import_id = checked(bringing)
        ok(bringing.ask(import_id, "run"), 202)
        job_id = bringing.show(import_id)["job_id"]
        ok(bringing.api.post(f"/jobs/mine/{job_id}/cancel"))
        ok(bringing.api.post(f"/jobs/{job_id}/retry"))
        bringing.worker.work()
        assert (bringing.show(import_id)["state"], count(bringing.api)) == ("done", 7)


class TestOthersWhoWork:
    def test_wait_for_as_many_rows_as_come_in_in_an_instant(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = checked(bringing)
        portions: list[int] = []
        real = work._bring_in

        def bring_in(*given: Any) -> int:
            portions.append(real(*given))
            return portions[-1]

        monkeypatch.setattr(work, "_bring_in", bring_in)
        monkeypatch.setattr(work, "SECONDS", 0)
        bringing.do(import_id, "run")
        assert portions == [1] * 7
        assert count(bringing.api) == 7

    def test_are_waited_for_without_a_new_attempt_at_the_job(
        self, app: Application, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = checked(bringing)
        monkeypatch.setattr(work, "PORTION", 3)
        monkeypatch.setattr(work, "PAUSES", (0.0, 0.0))
        real = Attempts.of
        refused: list[int] = []

        def of(attempts: Attempts, line: Any) -> dict[str, Any]:
            made = real(attempts, line)
            if line.number == 6 and len(refused) < 2:
                refused.append(line.number)
                db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'held' USING ERRCODE = '55P03'; END $$"))
            return made

        monkeypatch.setattr(Attempts, "of", of)
        made = bringing.do(import_id, "run")
        assert (made["state"], made["created"], count(bringing.api), len(refused)) == ("done", 7, 7, 2)
        assert ok(bringing.api.get(f"/jobs/{made['job_id']}"))["attempt"] == 1


class TestTakingBack:
    def test_that_was_cancelled_leaves_nothing_but_going_on_with_it(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = checked(bringing)

        def cancel() -> None:
            ok(bringing.api.post(f"/jobs/mine/{bringing.show(import_id)['job_id']}/cancel"))

        with after_three_rows(cancel):
            assert bringing.do(import_id, "run")["created"] == 3
        real, left = work._take_back, [cancel]

        def take_back(*given: Any) -> Any:
            taken = real(*given)
            if left:
                left.pop()()
            return taken

        monkeypatch.setattr(work, "PORTION", 2)
        monkeypatch.setattr(work, "_take_back", take_back)
        stopped = bringing.do(import_id, "revert")
        assert (stopped["state"], stopped["problem"]) == ("stopped", "cancelled")
        assert problem(bringing.ask(import_id, "run")) == (409, "import_already_run")
        made = bringing.do(import_id, "revert")
        assert (made["state"], made["reverted"], count(bringing.api)) == ("reverted", 3, 0)


class TestARun:
    def test_stops_where_the_plugin_is_switched_off(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS, entity=LEADS)
        bringing.do(import_id, "check")

        def off() -> None:
            for name in ("capture", "leads"):
                ok(bringing.api.patch(f"/plugins/{name}", {"enabled": False}))
            agencies.forget()

        with after_three_rows(off):
            made = bringing.do(import_id, "run")
        assert (made["state"], made["problem"], made["created"]) == ("stopped", "plugin_off", 3)

    def test_stops_where_who_started_it_may_no_longer(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("operations")
        other = Bringing(person, bringing.worker)
        import_id = checked(other)

        def demoted() -> None:
            ok(bringing.api.patch(f"/users/{person.user_id}", {"roles": ["read_only"]}, version="*"))

        with after_three_rows(demoted):
            ok(other.ask(import_id, "run"), 202)
            bringing.worker.work()
        made = bringing.show(import_id)
        assert (made["state"], made["problem"], made["created"]) == ("stopped", "not_permitted", 3)
        assert count(bringing.api) == 3

    def test_stops_where_its_key_was_revoked(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        scopes = {"imports.run": "own", "imports.read": "own", "contacts.write": "own", "contacts.read": "own"}
        key = ok(bringing.api.post("/api-keys", {"name": "Sync", "scopes": scopes}), 201)
        machine = Bringing(ApiClient(app, key["key"], agency_id=agency.id), bringing.worker)
        import_id = checked(machine)

        def revoked() -> None:
            ok(bringing.api.post(f"/api-keys/{key['id']}/revoke"))

        with after_three_rows(revoked):
            ok(machine.ask(import_id, "run"), 202)
            bringing.worker.work()
        made = bringing.show(import_id)
        assert (made["state"], made["problem"], made["created"]) == ("stopped", "not_active", 3)

    def test_stops_where_who_acted_as_somebody_does_so_no_longer(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        member = {"user_id": str(agency.newcomer("manager").user_id), "reason": "She cannot find her file"}
        token = ok(bringing.api.post("/impersonation", member))["access_token"]
        acting = Bringing(ApiClient(app, token, agency_id=agency.id), bringing.worker)
        import_id = checked(acting)

        with after_three_rows(lambda: ok(acting.api.delete("/impersonation"), 204)):
            ok(acting.ask(import_id, "run"), 202)
            bringing.worker.work()
        made = bringing.show(import_id)
        assert (made["state"], made["problem"], made["created"]) == ("stopped", "not_active", 3)

    def test_rests_while_the_agency_is_suspended(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest, worker: Worker
    ) -> None:
        import_id = checked(bringing)
        with after_three_rows(lambda: by_hand(app, agency.id, suspension.suspend)):
            ok(bringing.ask(import_id, "run"), 202)
            worker.hurry()
        by_hand(app, agency.id, suspension.resume)
        again = Bringing(agency.newcomer("owner"), worker)
        assert (again.show(import_id)["state"], count(again.api)) == ("running", 3)
        worker.hurry()
        assert (again.show(import_id)["state"], count(again.api)) == ("done", 7)

    def test_stops_where_somebody_in_its_file_is_erased(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        import_id = checked(bringing)

        def erased() -> None:
            [row, *_] = bringing.rows(import_id)
            subject = Subject(kind=CONTACT, id=UUID(row["entity_id"]), rows=frozenset({UUID(row["entity_id"])}))
            by_hand(app, agency.id, lambda: keeping.erase(subject))

        with after_three_rows(erased):
            made = bringing.do(import_id, "run")
        assert (made["state"], made["problem"], made["created"]) == ("stopped", "file_gone", 3)
        assert count(bringing.api) == 3


class TestAHold:
    def test_keeps_the_file_of_somebody_who_was_merged_away(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        import_id = bringing.brought_in(ROWS[:2])
        [there] = ok(bringing.api.get("/contacts"))["items"]
        into = ok(bringing.api.post("/contacts", {"name": "Client Zero"}), 201)
        body = {"other_id": there["id"], "other_version": there["version"]}
        ok(bringing.api.post(f"/contacts/{into['id']}/merge", body, version=into["version"]))
        subject = {"kind": CONTACT, "id": into["id"]}
        ok(bringing.api.post("/privacy/holds", {"subject": subject, "reason": "A claim in court"}), 201)
        by_hand(app, agency.id, lambda: keeping.forget_old(clock.now() + timedelta(days=1), 100))
        assert bringing.show(import_id)["has_file"]
