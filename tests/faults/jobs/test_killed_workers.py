"""Workers are killed again and again: no job is lost, effects here happen once, those elsewhere carry one key."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis

from core import clock
from tests.chores.processes import wait_until
from tests.faults.conftest import LONG

from .conftest import Ledger

JOBS = 1000
KILLS = 9 if LONG else 4
WORKERS = 2
THREADS = 4
BELLS = ["bus", "redis"]
LEASE = 2.0


@pytest.mark.slow
@pytest.mark.parametrize("bells", BELLS)
class TestKills:
    def test_every_job_ends_and_no_effect_comes_twice(
        self, make_ledger: Callable[..., Ledger], bells: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHORES_DROPS", "0.2")
        ledger = make_ledger(bells)
        workers = [ledger.worker(CHORES_DROPS="0.2", wait=False) for _ in range(WORKERS)]
        for start in range(0, JOBS, 50):
            with ledger.acting():
                ledger.jobs.add_team.enqueue_many({"name": f"team{n}"} for n in range(start, start + 50))
        for kill in range(1, KILLS + 1):
            wanted = kill * JOBS // (KILLS + 1)
            wait_until(lambda: ledger.count("done") >= wanted, 60, what=ledger.report)  # noqa: B023 - called at once
            if ledger.redis is not None:
                with redis.Redis.from_url(ledger.redis.url) as client:
                    client.flushall()
            for worker in workers:
                worker.kill()
            workers = [ledger.worker(CHORES_DROPS="0.2", wait=False) for _ in range(WORKERS)]
        ledger.settled(JOBS, 150)
        assert ledger.count("done") == JOBS
        effects = ledger.effects()
        assert len(effects) == JOBS
        assert set(effects.values()) == {1}
        outside = ledger.outside()
        assert len(outside) == JOBS
        assert all(len(set(keys)) == 1 for keys in outside.values())
        assert sum(map(len, outside.values())) - JOBS <= KILLS * WORKERS * THREADS

    def test_what_is_due_in_one_second_survives_a_kill(self, make_ledger: Callable[..., Ledger], bells: str) -> None:
        ledger = make_ledger(bells)
        worker = ledger.worker()
        with ledger.acting():
            ledger.jobs.nothing.later(at=clock.now() + timedelta(seconds=1)).enqueue_many(
                {"number": number} for number in range(2000)
            )
        wait_until(lambda: ledger.count("done") > 0, 60, what=ledger.report)
        worker.kill()
        assert ledger.count("done") < 2000
        ledger.worker()
        ledger.settled(2000, 150)
        assert ledger.count("done") == 2000


class TestOneSilentWorker:
    @pytest.mark.alone
    def test_its_jobs_go_on_elsewhere_within_two_leases(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        first = ledger.worker(WORKER_QUEUES="slow:2")
        with ledger.acting():
            ledger.jobs.wait.enqueue(0.4)
            ledger.jobs.wait.enqueue(0.4)
        wait_until(lambda: ledger.count("running") == 2, 20, what=ledger.report)
        ledger.worker()
        killed = time.monotonic()
        first.kill()
        ledger.settled(2, 20)
        assert time.monotonic() - killed < 2 * LEASE + 1.5
        assert ledger.count("done") == 2

    def test_one_that_wakes_up_again_finds_that_its_work_is_somebody_elses(
        self, make_ledger: Callable[..., Ledger]
    ) -> None:
        ledger = make_ledger()
        first = ledger.worker()
        with ledger.acting():
            ledger.jobs.outlast_the_lease.enqueue("north")
        wait_until(lambda: len(ledger.outside()["paused"]) == 1, 20, what=ledger.report)
        ledger.worker()
        ledger.settled(1, 20)
        os.killpg(first.pid, signal.SIGCONT)
        wait_until(lambda: "job.lease_lost" in first.log, 20, what=ledger.report)
        assert ledger.effects() == {"north": 1}
        assert len(set(ledger.outside()["paused"])) == 1
