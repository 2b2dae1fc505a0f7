"""Workers whose clocks are wrong: leases and times are judged by the database's clock, so none is stolen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.chores.processes import wait_until

from .conftest import Ledger

SKEW = 300


@pytest.mark.slow
class TestSkew:
    def test_nobody_steals_a_lease_that_is_alive_and_nothing_starts_early(
        self, make_ledger: Callable[..., Ledger]
    ) -> None:
        ledger = make_ledger()
        for skew in (SKEW, -SKEW):
            ledger.worker(skew=skew, WORKER_QUEUES="slow:2,idle:2,chores:2")
        with ledger.acting():
            # Longer than two leases: only the heartbeat keeps them.
            ledger.jobs.wait.enqueue_many([{"seconds": 5.0}] * 4)
            ledger.jobs.add_team.enqueue_many({"name": f"team{number}"} for number in range(100))
            later = ledger.jobs.nothing.later(delay=timedelta(seconds=4)).enqueue(1)
        ledger.settled(105, 40)
        assert ledger.ask("SELECT DISTINCT attempt FROM core_job") == [(1,)]
        assert len(ledger.outside()["begun"]) == 4
        [(early,)] = ledger.ask("SELECT started_at < run_at FROM core_job WHERE id = :id", id=later)
        assert not early

    def test_the_leases_of_a_worker_with_a_wrong_clock_expire_like_others(
        self, make_ledger: Callable[..., Ledger]
    ) -> None:
        ledger = make_ledger()
        ahead = ledger.worker(skew=SKEW)
        with ledger.acting():
            ledger.jobs.wait.enqueue(1.0)
        wait_until(lambda: ledger.count("running") == 1, 20, what=ledger.report)
        [(left,)] = ledger.ask("SELECT extract(epoch FROM lease_until - now()) FROM core_job WHERE unique_key IS NULL")
        assert left <= 2
        ahead.kill()
        ledger.worker(skew=-SKEW)
        ledger.settled(1, 20)
        assert ledger.count("done") == 1
