"""Workers are replaced while jobs run: each ends its own, gives back the rest, and nothing runs twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.chores.processes import wait_until

from .conftest import Ledger

pytestmark = pytest.mark.slow


class TestRollingRestart:
    def test_nothing_is_run_twice_and_nothing_is_left(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        workers = [ledger.worker(), ledger.worker()]
        for turn, worker in enumerate(workers):
            with ledger.acting():
                ledger.jobs.wait.enqueue_many([{"seconds": 1.5}] * 4)
                ledger.jobs.add_team.enqueue_many({"name": f"team{turn}-{number}"} for number in range(300))
                ledger.jobs.nothing.enqueue_many({"number": number} for number in range(2000))
            wait_until(lambda: ledger.count("running") > 0, 20, what=ledger.report)
            worker.terminate()
            assert worker.wait(25) == 0, worker.log
            ledger.worker()
        ledger.settled(4608, 60)
        assert ledger.count("done") == 4608, ledger.report()
        assert ledger.ask("SELECT DISTINCT attempt FROM core_job") == [(1,)]
        assert set(ledger.effects().values()) == {1}
        outside = ledger.outside()
        assert len(outside["begun"]) == len(outside["ended"]) == 8
        assert all(len(keys) == 1 for word, keys in outside.items() if word.startswith("team"))

    def test_an_idle_worker_ends_at_once(self, make_ledger: Callable[..., Ledger]) -> None:
        worker = make_ledger().worker()
        asked = time.monotonic()
        worker.terminate()
        assert worker.wait(10) == 0
        assert time.monotonic() - asked < 4
        assert "Traceback" not in worker.log

    def test_a_second_signal_is_impatient_and_the_job_goes_on_elsewhere(
        self, make_ledger: Callable[..., Ledger]
    ) -> None:
        ledger = make_ledger()
        worker = ledger.worker()
        with ledger.acting():
            ledger.jobs.wait.enqueue(3.0)
        wait_until(lambda: len(ledger.outside()["begun"]) == 1, 20, what=ledger.report)
        worker.terminate()
        time.sleep(0.3)
        assert worker.lives
        worker.terminate()
        assert worker.wait(2) == 1
        ledger.worker()
        ledger.settled(1, 30)
        assert len(ledger.outside()["begun"]) == 2


class TestLongJobs:
    def test_what_waits_behind_one_is_given_to_others(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        ledger.worker(WORKER_QUEUES="slow:1")
        with ledger.acting():
            # So quick that they are claimed by the hundred.
            ledger.jobs.wait.enqueue_many([{"seconds": 0.0}] * 100)
        ledger.settled(100, 30)
        with ledger.acting():
            ledger.jobs.wait.later(priority=-1).enqueue(60.0)
            ledger.jobs.wait.enqueue_many([{"seconds": 0.0}] * 50)
        wait_until(lambda: ledger.count("running") > 0, 20, what=ledger.report)
        ledger.worker(WORKER_QUEUES="slow:1")
        ledger.settled(150, 10)
        assert ledger.count("running") == 1
        assert ledger.ask("SELECT DISTINCT attempt FROM core_job") == [(1,)]

    def test_quick_ones_overtake_it_in_the_same_process(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        ledger.worker(WORKER_QUEUES="slow:2")
        with ledger.acting():
            ledger.jobs.wait.enqueue_many([{"seconds": 0.0}] * 200)
        ledger.settled(200, 30)
        with ledger.acting():
            ledger.jobs.wait.later(priority=-1).enqueue(60.0)
        wait_until(lambda: len(ledger.outside()["begun"]) == 201, 20, what=ledger.report)
        with ledger.acting():
            ledger.jobs.wait.enqueue_many([{"seconds": 0.0}] * 50)
        ledger.settled(250, 4)
        assert ledger.count("running") == 1
