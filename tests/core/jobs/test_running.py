"""Running: effects and the end of a job are one transaction; failures wait, give up, or are put off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from core import ids
from core.bus import Bus
from core.extensions import db
from core.http.application import Application
from core.jobs import ledger, outcome
from core.jobs.events import JobFailed, JobFinished
from core.jobs.run import current_run
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest
from core.users.models import Team

from .conftest import LEASE, Acting, WorkerHere

Teams = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the jobs write down their effects elsewhere."""
    place = tmp_path / "outside"
    place.touch()
    monkeypatch.setenv("CHORES_LOG", str(place))
    return place


def keys(log: Path) -> list[str]:
    return [line.split()[1] for line in log.read_text().splitlines()]


class TestSuccess:
    def test_effects_and_end_are_one_transaction_in_the_agency(
        self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams
    ) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt, row.lease_token, row.last_error) == ("done", 1, None, None)
        assert [name.split()[0] for name in teams()] == ["north"]

    def test_a_worker_that_lost_its_lease_leaves_no_effect(
        self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams, app: Application
    ) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        with app.app_context():
            [claim] = ledger.claim("chores", ["chores.add_team"], most=1, lease=LEASE)
        worker.ask("UPDATE core_job SET lease_token = gen_random_uuid()")
        assert worker.runner.run(claim, ledger.Lease(claim)) == "lost"
        assert teams() == []
        assert worker.row(job_id).state == "running"

    def test_work_that_wrote_nothing_is_told_together(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            chores.nothing.enqueue_many({"number": number} for number in range(250))
        worker.work()
        assert worker.states() == {"done": 250}

    def test_maintenance_acts_in_no_agency(self, worker: WorkerHere, log: Path) -> None:
        worker.ask(
            "INSERT INTO core_job (id, queue, name, payload, priority, state, run_at, due, attempt, max_attempts,"
            " cancel_requested, created_at) VALUES (gen_random_uuid(), 'chores', 'chores.tidy', '{}', 0, 'queued',"
            " now(), true, 0, 3, false, now())"
        )
        worker.work()
        assert worker.states() == {"done": 1}
        assert log.read_text().startswith("tidied")

    def test_the_request_that_enqueued_it_is_known(
        self, acting: Acting, worker: WorkerHere, chores: Any, agency: AgencyUnderTest
    ) -> None:
        ok(
            agency.member().post(
                "/agencies/brands", {"code": "sun", "name": "Sun"}, headers={"X-Request-ID": "request-42"}
            ),
            201,
        )
        assert {
            row.request_id for row in worker.ask("SELECT request_id FROM core_job WHERE name = 'chores.greet'")
        } == {"request-42"}


class TestFailure:
    def test_undoes_its_effects_and_waits_for_another_attempt(
        self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams, log: Path
    ) -> None:
        with acting():
            job_id = chores.fail.enqueue()
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.due, row.attempt, row.lease_token) == ("queued", False, 1, None)
        for _ in range(3):
            worker.hurry()
            worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt) == ("dead", 3)
        assert row.finished_at is not None
        assert teams() == []
        assert set(keys(log)) == {f"job-{job_id}"}

    def test_is_told_without_secrets_and_with_its_place(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.fail.enqueue()
        worker.work()
        error = worker.row(job_id).last_error
        assert error.startswith("RuntimeError: password=[masked]")
        assert "hunter2" not in error
        assert "in fail" in error

    def test_waits_longer_each_time_at_random_and_never_for_ever(self) -> None:
        base = timedelta(seconds=2)
        for attempt in range(1, 60):
            pauses = [outcome.pause_after(attempt, backoff=base) for _ in range(50)]
            ceiling = min(timedelta(hours=1), base * 2 ** min(attempt - 1, 30))
            assert timedelta(0) <= min(pauses) < max(pauses) <= ceiling
        assert sum((outcome.pause_after(8, backoff=base) for _ in range(200)), timedelta(0)) / 200 > 30 * base

    def test_waits_as_long_as_a_provider_asks(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.retry_later.enqueue(300.0)
        worker.work()
        [(waits,)] = worker.ask("SELECT extract(epoch FROM run_at - now()) FROM core_job")
        assert 290 < waits <= 300
        worker.hurry()
        worker.work()
        assert worker.row(job_id).state == "done"

    def test_that_can_never_be_put_right_is_given_up_at_once(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            job_id = chores.give_up.enqueue()
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt) == ("dead", 1)
        assert "no spreadsheet" in row.last_error

    @pytest.mark.parametrize(("asked", "least", "most"), [(-5.0, -1, 0), (1e30, 29 * 86400, 30 * 86400)])
    def test_waits_neither_for_ever_nor_into_the_past(
        self, acting: Acting, worker: WorkerHere, chores: Any, asked: float, least: int, most: int
    ) -> None:
        with acting():
            chores.retry_later.enqueue(asked)
        worker.work()
        [(state, waits)] = worker.ask("SELECT state, extract(epoch FROM run_at - now()) FROM core_job")
        assert state == "queued"
        assert least < waits <= most

    @pytest.mark.parametrize(
        "error", [ValueError("byte \0 of the file"), ValueError("a \udc80 name"), asyncio.CancelledError("bye")]
    )
    def test_whatever_was_raised_is_written_down(
        self,
        acting: Acting,
        worker: WorkerHere,
        chores: Any,
        error: BaseException,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(number: int) -> None:
            raise error

        monkeypatch.setattr(chores.nothing, "function", fail)
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.lease_token) == ("queued", None)
        assert row.last_error.startswith(type(error).__name__)
        assert worker.lanes["idle"].leases() == []

    def test_of_the_database_is_told_without_the_values_of_rows(
        self, acting: Acting, worker: WorkerHere, chores: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        raised: list[str] = []

        def fail(number: int) -> None:
            same = ids.new()
            db.session.add_all([Team(id=same, name="Ada Lovelace"), Team(id=same, name="Grace Hopper")])
            try:
                db.session.flush()
            except IntegrityError as error:
                raised.append(str(error))
                raise

        monkeypatch.setattr(chores.nothing, "function", fail)
        with acting():
            job_id = chores.nothing.enqueue(1)
        worker.work()
        error = worker.row(job_id).last_error
        assert error.startswith("IntegrityError: duplicate key value violates unique constraint")
        assert "Lovelace" not in error
        assert "INSERT" not in error
        # This is what logs tell.
        assert "INSERT" in raised[0]
        assert "Lovelace" not in raised[0]

    def test_arguments_that_no_longer_fit_are_given_up(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        worker.ask('UPDATE core_job SET payload = \'{"title": "north"}\'')
        worker.work()
        assert worker.row(job_id).state == "dead"

    def test_of_one_hinders_no_other(self, acting: Acting, worker: WorkerHere, chores: Any, teams: Teams) -> None:
        with acting():
            for number in range(20):
                chores.fail.enqueue()
                chores.add_team.enqueue(f"team{number}")
        worker.work()
        assert len(teams()) == 20

    def test_is_told_to_whoever_started_it(
        self, acting: Acting, worker: WorkerHere, chores: Any, agency: AgencyUnderTest
    ) -> None:
        user_id = agency.member().user_id
        with acting():
            started = chores.give_up.enqueue()
            chores.give_up.enqueue()
        worker.ask("UPDATE core_job SET user_id = :user WHERE id = :id", user=user_id, id=started)
        worker.work()
        events = ok(agency.member().get(f"/audit?name={JobFailed.name}"))["items"]
        assert [(event["subject_id"], event["payload"]["user_id"]) for event in events] == [
            (str(started), str(user_id))
        ]


class TestSwitchedOff:
    def test_work_of_a_plugin_that_is_off_waits_without_losing_an_attempt(
        self, acting: Acting, worker: WorkerHere, chores: Any, agency: AgencyUnderTest, teams: Teams
    ) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        ok(agency.member().patch("/plugins/chores", {"enabled": False}))
        worker.work()
        row = worker.row(job_id)
        assert (row.state, row.attempt, row.due) == ("queued", 0, False)
        ok(agency.member().patch("/plugins/chores", {"enabled": True}))
        worker.hurry()
        worker.work()
        assert worker.row(job_id).attempt == 1
        assert len(teams()) == 1


class TestProgress:
    def test_is_stored_and_sent_to_the_browser_of_whoever_started_it(
        self,
        acting: Acting,
        worker: WorkerHere,
        chores: Any,
        agency: AgencyUnderTest,
        app: Application,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        sent: list[tuple[str, bytes]] = []
        bus: Bus = app.extensions["tripfile.bus"]
        monkeypatch.setattr(bus, "publish", lambda channel, messages: sent.extend((channel, m) for m in messages))
        user_id = agency.member().user_id
        with acting():
            job_id = chores.report.enqueue(40)
        worker.ask("UPDATE core_job SET user_id = :user", user=user_id)
        worker.work()
        live = [json.loads(message) for channel, message in sent if channel == "sockets"]
        mine = [message for message in live if message[1] == "progress"]
        # The first, the last, and a few in between.
        assert 2 <= len(mine) <= 6
        assert mine[0][0] == "/jobs"
        assert mine[-1][2]["done"] == 40
        assert str(user_id) in mine[0][3]
        assert worker.row(job_id).progress == {"done": 40, "total": 40, "message": "step 40"}
        assert [
            event["subject_id"] for event in ok(agency.member().get(f"/audit?name={JobFinished.name}"))["items"]
        ] == [str(job_id)]

    def test_of_a_function_called_directly_goes_nowhere(self, app: Application) -> None:
        with app.app_context():
            assert current_run() is current_run()
            current_run().progress(1, 2)
            assert current_run().idempotency_key.startswith("job-")


class TestCancelling:
    def test_work_that_runs_ends_where_it_looks(
        self, acting: Acting, worker: WorkerHere, chores: Any, app: Application, teams: Teams
    ) -> None:
        with acting():
            job_id = chores.report.enqueue(5)
        with app.app_context():
            [claim] = ledger.claim("chores", ["chores.report"], most=1, lease=LEASE)
        worker.ask("UPDATE core_job SET cancel_requested = true")
        assert worker.runner.run(claim, ledger.Lease(claim)) == "cancelled"
        assert worker.row(job_id).state == "cancelled"
        assert teams() == []

    def test_work_that_fails_or_is_given_back_is_not_run_again(
        self, acting: Acting, worker: WorkerHere, chores: Any, app: Application
    ) -> None:
        with acting():
            failing, waiting = chores.fail.enqueue(), chores.add_team.enqueue("never")
        with app.app_context():
            claims = ledger.claim("chores", ["chores.fail", "chores.add_team"], most=2, lease=LEASE)
            leases = {claim.id: ledger.Lease(claim) for claim in claims}
            worker.ask("UPDATE core_job SET cancel_requested = true")
            ledger.release([leases[waiting]])
        [claim] = [claim for claim in claims if claim.id == failing]
        assert worker.runner.run(claim, leases[failing]) == "cancelled"
        assert worker.states() == {"cancelled": 2}
        assert all(row.finished_at and row.lease_token is None for row in map(worker.row, leases))

    def test_a_heartbeat_brings_the_word(
        self, acting: Acting, worker: WorkerHere, chores: Any, app: Application
    ) -> None:
        with acting():
            chores.wait.enqueue(60)
        with app.app_context():
            [claim] = ledger.claim("slow", ["chores.wait"], most=1, lease=LEASE)
            lease = ledger.Lease(claim)
            asked = []
            for _ in range(2):
                ledger.renew([lease], lease=LEASE)
                asked.append(lease.cancel_requested)
                worker.ask("UPDATE core_job SET cancel_requested = true")
            assert asked == [False, True]
        assert worker.runner.run(claim, lease) == "cancelled"
