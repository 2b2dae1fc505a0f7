"""Two at once, other agencies, lower roles, rests and ends before time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core import clock
from core.actor import system
from core.agencies import suspension
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.imports import keeping, reading, work
from core.imports.attempts import Attempts
from core.imports.leave import Stopped
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.imports.bringing import CONTACTS, LEADS, Bringing, sheet
from tests.worker import Worker

ROWS = [("name", "email"), *((f"Client {n}", f"client{n}@example.com") for n in range(7))]


def count(api: ApiClient) -> int:
    total: int = ok(api.get("/contacts?count=exact&limit=1"))["total"]
    return total


def together(*asked: Any) -> list[int]:
    """The statuses of requests that are sent at once."""
    with ThreadPoolExecutor(len(asked)) as threads:
        return sorted(answer.status_code for answer in threads.map(lambda ask: ask(), asked))


class TestTwoAtOnce:
    def test_run_once(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        assert together(*[lambda: bringing.ask(import_id, "run")] * 2) == [202, 409]
        bringing.worker.work()
        assert bringing.show(import_id)["created"] == count(bringing.api) == 7

    def test_revert_once(self, bringing: Bringing) -> None:
        import_id = bringing.brought_in(ROWS)
        assert together(*[lambda: bringing.ask(import_id, "revert")] * 2) == [202, 409]
        bringing.worker.work()
        assert bringing.show(import_id)["reverted"] == 7
        assert count(bringing.api) == 0
        assert problem(bringing.ask(import_id, "revert")) == (409, "import_not_revertable")

    def test_of_the_same_request_are_one(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        first, second = (bringing.ask(import_id, "run", key="the-same") for _ in range(2))
        assert ok(first, 202)["job_id"] == ok(second, 202)["job_id"]

    def test_cannot_change_what_is_being_worked_on(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS)
        ok(bringing.ask(import_id, "check"), 202)
        answer = bringing.api.patch(f"/imports/{import_id}", {"mapping": ["name", None]}, version="*")
        assert problem(answer) == (409, "import_underway")
        assert problem(bringing.api.delete(f"/imports/{import_id}/file", version="*")) == (409, "import_underway")


class TestAnEndBeforeTime:
    def test_by_who_started_it_leaves_what_came_in_and_goes_on(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        monkeypatch.setattr(work, "PORTION", 3)
        monkeypatch.setattr(work, "SECONDS", 60)
        real = work._bring_in

        def cancelled(*given: Any) -> int:
            job_id = bringing.show(import_id)["job_id"]
            came = real(*given)
            ok(bringing.api.post(f"/jobs/mine/{job_id}/cancel"))
            return came

        with monkeypatch.context() as patch:
            patch.setattr(work, "_bring_in", cancelled)
            stopped = bringing.do(import_id, "run")
        assert (stopped["state"], stopped["problem"]) == ("stopped", "cancelled")
        assert stopped["created"] == count(bringing.api) == 3
        assert bringing.do(import_id, "run")["created"] == count(bringing.api) == 7

    def test_by_a_defect_is_told_and_can_be_taken_back(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        monkeypatch.setattr(work, "PORTION", 3)
        monkeypatch.setattr(work, "SECONDS", 60)
        real = Attempts.of

        def broken(attempts: Attempts, line: Any) -> dict[str, Any]:
            if line.number > 5:
                raise Stopped("defect")
            return real(attempts, line)

        with monkeypatch.context() as patch:
            patch.setattr(Attempts, "of", broken)
            stopped = bringing.do(import_id, "run")
        assert (stopped["state"], stopped["problem"], stopped["created"]) == ("stopped", "defect", 3)
        assert bringing.do(import_id, "revert")["reverted"] == 3
        assert count(bringing.api) == 0

    def test_of_the_file_stops_the_run(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        ok(bringing.api.delete(f"/imports/{import_id}/file", version="*"), 204)
        shown = bringing.show(import_id)
        assert (shown["has_file"], shown["name"], shown["columns"]) == (False, "", [])
        assert problem(bringing.ask(import_id, "run")) == (409, "import_file_gone")
        assert problem(bringing.api.post(f"/imports/{import_id}/faults")) == (409, "import_file_gone")


class TestElsewhere:
    def test_an_import_is_not_there(self, bringing: Bringing, other_agency: AgencyUnderTest, worker: Worker) -> None:
        import_id = bringing.uploaded(ROWS)
        there = Bringing(other_agency.member("owner"), worker)
        for answer in (
            there.api.get(f"/imports/{import_id}"),
            there.api.get(f"/imports/{import_id}/rows"),
            there.api.post(f"/imports/{import_id}/faults"),
            there.api.patch(f"/imports/{import_id}", {"mapping": []}, version="*"),
            there.api.delete(f"/imports/{import_id}/file", version="*"),
            *(there.ask(import_id, what) for what in ("check", "run", "revert")),
        ):
            assert problem(answer) == (404, "not_found")

    def test_a_suspended_agency_has_its_imports_rest(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        import_id = bringing.uploaded(ROWS)
        bringing.do(import_id, "check")
        ok(bringing.ask(import_id, "run"), 202)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            suspension.suspend()
        bringing.worker.work()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            suspension.resume()
        # Its sessions ended.
        again = Bringing(agency.newcomer("owner"), bringing.worker)
        assert again.show(import_id)["state"] == "running"
        bringing.worker.work()
        assert again.show(import_id)["state"] == "done"
        assert count(again.api) == 7


class TestALowerRole:
    def test_without_the_permission_sees_and_does_nothing(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        import_id = bringing.uploaded(ROWS)
        agent = Bringing(agency.newcomer("agent"), bringing.worker)
        assert problem(agent.upload(sheet(ROWS)))[0] == 403
        assert problem(agent.api.get(f"/imports/{import_id}"))[0] == 403

    def test_sees_its_own_alone(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        import_id = bringing.uploaded(ROWS)
        other = Bringing(agency.newcomer("operations"), bringing.worker)
        mine = ok(other.upload(sheet(ROWS)), 201)["id"]
        assert [each["id"] for each in ok(other.api.get("/imports"))["items"]] == [mine]
        assert problem(other.api.get(f"/imports/{import_id}")) == (404, "not_found")
        assert {each["id"] for each in ok(bringing.api.get("/imports"))["items"]} == {import_id, mine}

    def test_brings_in_what_it_may_make(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        other = Bringing(agency.newcomer("operations"), bringing.worker)
        assert problem(other.upload(sheet(ROWS), entity=LEADS))[0] == 403
        assert [each["entity"] for each in ok(other.api.get("/imports/entities"))] == [CONTACTS]
        assert other.show(other.brought_in(ROWS))["created"] == 7

    def test_who_lost_it_meanwhile_is_stopped(self, bringing: Bringing, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("operations")
        other = Bringing(person, bringing.worker)
        import_id = other.uploaded(ROWS)
        other.do(import_id, "check")
        ok(other.ask(import_id, "run"), 202)
        ok(bringing.api.patch(f"/users/{person.user_id}", {"roles": ["read_only"]}, version="*"))
        bringing.worker.work()
        shown = bringing.show(import_id)
        assert (shown["state"], shown["problem"]) == ("stopped", "not_permitted")
        assert count(bringing.api) == 0

    def test_a_key_brings_in_no_more_than_it_may(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        scopes = {"imports.run": "own", "imports.read": "own", "contacts.write": "own", "contacts.read": "own"}
        key = ok(bringing.api.post("/api-keys", {"name": "Sync", "scopes": scopes}), 201)["key"]
        machine = Bringing(ApiClient(app, key, agency_id=agency.id), bringing.worker)
        assert problem(machine.upload(sheet(ROWS), entity=LEADS))[0] == 403
        stranger = agency.newcomer("agent")
        import_id = machine.uploaded(ROWS, defaults={"owner_id": str(stranger.user_id)})
        checked = machine.do(import_id, "check")
        assert (checked["good"], checked["faulty"]) == (0, 7)
        assert {fault["code"] for row in machine.rows(import_id) for fault in row["faults"]} == {"forbidden"}


class TestFilesThatGoOut:
    def test_tell_what_is_wrong_beside_the_cells(self, bringing: Bringing) -> None:
        import_id = bringing.uploaded(
            [("name", "email", "shoe"), ("Ana", "nowhere", "=1+1"), ("Ben", "b@example.com", "")]
        )
        bringing.do(import_id, "check")
        answer = bringing.api.post(f"/imports/{import_id}/faults")
        heading, row = answer.get_data(as_text=True).splitlines()
        assert heading == '"row","faults","name","email","shoe"'
        assert row.startswith('2,"email: ')
        assert row.endswith('"Ana","nowhere","\'=1+1"')

    def test_are_for_those_who_may_make_what_is_in_them_and_told_of(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        import_id = bringing.uploaded([("name", "email"), ("Ana", "nowhere"), ("Ben", "b@example.com")])
        bringing.do(import_id, "check")
        scopes = {"imports.read": "all", "imports.run": "all"}
        key = ok(bringing.api.post("/api-keys", {"name": "Sync", "scopes": scopes}), 201)["key"]
        machine = ApiClient(app, key, agency_id=agency.id)
        assert ok(machine.get(f"/imports/{import_id}"))["faulty"] == 1
        assert problem(machine.post(f"/imports/{import_id}/faults")) == (403, "forbidden")
        assert bringing.api.post(f"/imports/{import_id}/faults").status_code == 200
        told = ok(bringing.api.get(f"/audit?subject_id={import_id}"))["items"]
        assert [each["payload"]["rows"] for each in told if each["name"] == "imports.import_faults_taken"] == [1]

    def test_are_read_no_further_than_to_the_last_faulty_row(
        self, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id = bringing.uploaded([("name", "email"), ("Ana", "nowhere"), *(("Ben", "") for _ in range(5))])
        bringing.do(import_id, "check")
        read: list[int] = []
        real = reading.lines

        def lines(*given: Any) -> Iterator[reading.Line]:
            for line in real(*given):
                read.append(line.number)
                yield line

        monkeypatch.setattr(reading, "lines", lines)
        assert bringing.api.post(f"/imports/{import_id}/faults").status_code == 200
        assert read == [1, 2]

    def test_are_templates_that_come_back_mapped(self, bringing: Bringing) -> None:
        for entity in (CONTACTS, LEADS):
            data = bringing.api.get(f"/imports/entities/{entity}/template").data
            made = ok(bringing.upload(data + b"x\r\n", entity=entity), 201)
            assert all(each["column"] == each["heading"] for each in made["columns"])


class TestTime:
    def test_counts_from_the_run_and_not_while_anything_works(
        self, app: Application, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        run = bringing.brought_in(ROWS, defaults={"note": "By the sea"})
        idle, waiting = bringing.uploaded(ROWS), bringing.uploaded(ROWS)
        ok(bringing.ask(waiting, "check"), 202)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(text("UPDATE core_import SET created_at = now() - interval '40 days'"))
            before = clock.now() - timedelta(days=30)
            assert keeping.count_old(before) == keeping.forget_old(before, 100) == 1
            assert keeping.count_old(before) == 0
        assert [bringing.show(each)["has_file"] for each in (run, idle, waiting)] == [True, False, True]
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(text("UPDATE core_import SET run_at = now() - interval '31 days' WHERE run_at < now()"))
            assert keeping.forget_old(before, 100) == 1
        made = bringing.show(run)
        assert (made["has_file"], made["options"]["defaults"]) == (False, {})
        bringing.worker.work()


class TestPeople:
    def test_who_are_erased_take_the_files_along_that_they_are_in(
        self, bringing: Bringing, agency: AgencyUnderTest
    ) -> None:
        import_id = bringing.brought_in(ROWS)
        other = bringing.brought_in([("name", "email"), ("Zed", "zed@example.com")])
        [zed] = [row for row in bringing.rows(other) if row["state"] == "created"]
        with bringing.api.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            from core.privacy.subjects import CONTACT, Subject

            subject = Subject(kind=CONTACT, id=zed["entity_id"], rows=frozenset({zed["entity_id"]}))
            assert [each.table for each in keeping.held(subject)] == ["core_import"]
            [outcome] = keeping.erase(subject)
            assert outcome.rows == 1
            assert keeping.held(subject) == []
        assert not bringing.show(other)["has_file"]
        assert bringing.show(import_id)["has_file"]
