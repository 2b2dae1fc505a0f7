"""What the sweeper does by the clock, and how deep the queues are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.jobs import ledger

from .conftest import Acting, WorkerHere


class TestSweeping:
    def test_it_rings_for_whatever_is_due(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            chores.nothing.enqueue(1)
            chores.add_team.later(delay=timedelta(hours=1)).enqueue("later")
        with worker.app.app_context():
            worker.sweeper.sweep()
        assert worker.rung == ["idle"]

    def test_what_ended_long_ago_is_forgotten_dead_letters_later(
        self, acting: Acting, worker: WorkerHere, chores: Any
    ) -> None:
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
            chores.give_up.enqueue()
        worker.work()
        worker.ask("UPDATE core_job SET finished_at = now() - interval '8 days'")
        with acting():
            chores.nothing.enqueue(2)
        with worker.app.app_context():
            worker.sweeper.forget()
        assert worker.states() == {"dead": 1, "queued": 1}
        worker.ask("UPDATE core_job SET finished_at = now() - interval '91 days' WHERE state = 'dead'")
        with worker.app.app_context():
            worker.sweeper.forget()
        assert worker.states() == {"queued": 1}

    def test_the_depth_is_told_by_queue(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
            chores.nothing.later(delay=timedelta(hours=1)).enqueue()
        worker.ask("UPDATE core_job SET run_at = now() - interval '90 s' WHERE due")
        with worker.app.app_context():
            lines = {(line.queue, line.state): line for line in ledger.lines()}
        assert (lines["idle", "due"].jobs, lines["idle", "later"].jobs) == (3, 1)
        assert 89 < lines["idle", "due"].oldest_seconds < 100

    def test_the_depth_is_measured(self, acting: Acting, worker: WorkerHere, chores: Any) -> None:
        with acting():
            chores.nothing.enqueue_many([{"number": 1}] * 3)
        client = worker.app.test_client()
        assert 'tripfile_jobs_depth{queue="idle",state="due"} 3.0' in client.get("/metrics").text
        worker.work()
        told = client.get("/metrics").text
        assert 'tripfile_jobs_depth{queue="idle",state="due"} 0.0' in told
        assert 'tripfile_jobs_oldest_seconds{queue="idle"} 0.0' in told
        assert 'tripfile_jobs_ended_total{name="chores.nothing",outcome="done",queue="idle"}' in told
