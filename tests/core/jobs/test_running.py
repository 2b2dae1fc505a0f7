"""Running: effects and the end of a job are one transaction; progress is told, and who cancels is heard."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.bus import Bus
from core.http.application import Application
from core.jobs import ledger, outcome
from core.jobs.events import JobFinished
from core.jobs.run import Run, current_run
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest

from .conftest import LEASE, Acting, WorkerHere

Teams = Callable[[], list[str]]


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

    def test_a_worker_that_is_stopped_before_its_commit_does_not_keep_the_job(
        self,
        acting: Acting,
        worker: WorkerHere,
        chores: Any,
        teams: Teams,
        app: Application,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with acting():
            job_id = chores.add_team.enqueue("north")
        with app.app_context():
            [claim] = ledger.claim("chores", ["chores.add_team"], most=1, lease=LEASE)
        complete = outcome.complete

        def stop(run: Run, lease: ledger.Lease) -> None:
            complete(run, lease)
            worker.ask("UPDATE core_job SET lease_token = gen_random_uuid()")

        monkeypatch.setattr(outcome, "complete", stop)
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
