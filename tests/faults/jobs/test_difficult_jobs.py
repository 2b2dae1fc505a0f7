"""Jobs that take their process down and jobs that always fail are given up; the others go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.testing.clients import ok
from tests.chores.processes import Worker, wait_until
from tests.faults.conftest import LONG

from .conftest import Ledger

pytestmark = pytest.mark.slow
POISON = 4 if LONG else 1
FAILING = 4
INNOCENT = 60


@contextmanager
def restarted(ledger: Ledger, workers: int) -> Iterator[None]:
    """Workers that are started again when they end, as whatever runs them does it."""
    running: list[Worker] = [ledger.worker(wait=False) for _ in range(workers)]
    stop = threading.Event()

    def look_after() -> None:
        while not stop.wait(0.1):
            for place, worker in enumerate(running):
                if not worker.lives:
                    running[place] = ledger.worker(wait=False)

    thread = threading.Thread(target=look_after)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


class TestPoison:
    def test_it_ends_among_the_dead_letters_and_the_others_end_well(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        with ledger.acting():
            for _ in range(POISON):
                ledger.jobs.take_the_process_down.enqueue()
            for number in range(INNOCENT):
                ledger.jobs.add_team.enqueue(f"team{number}")
            for _ in range(FAILING):
                ledger.jobs.fail.enqueue()
        with restarted(ledger, workers=2):
            ledger.settled(POISON + FAILING + INNOCENT, 240 if LONG else 90)
        assert ledger.count("done") == INNOCENT
        assert ledger.count("dead", "chores.take_the_process_down") == POISON
        assert ledger.count("dead", "chores.fail") == FAILING
        attempts = dict(map(tuple, ledger.ask("SELECT name, max(attempt) FROM core_job GROUP BY name")))
        assert attempts["chores.take_the_process_down"] == attempts["chores.fail"] == 3
        assert sum(ledger.effects().values()) == INNOCENT
        # Those that were claimed with the first to die lost an attempt by it, and no more than one.
        assert 3 + 2 * (POISON - 1) <= len(ledger.outside()["poison"]) <= 3 * POISON


class TestSubscriber:
    def test_one_that_always_fails_delays_nobody_and_delivers_after_its_repair(
        self, make_ledger: Callable[..., Ledger]
    ) -> None:
        ledger = make_ledger()
        api = ledger.agency.member()
        ledger.worker(JOBS_BACKOFF="0s")
        for number in range(3):
            ok(api.post("/agencies/brands", {"code": f"sun{number}", "name": "Sun"}), 201)
        with ledger.acting():
            started = time.monotonic()
            ledger.jobs.nothing.enqueue_many({"number": number} for number in range(200))
        ledger.settled(200, 10, name="chores.nothing")
        assert time.monotonic() - started < 5
        wait_until(lambda: ledger.count("dead", "chores.greet") == 3, 60, what=ledger.report)
        dead = ok(api.get("/jobs?state=dead&name=chores.greet"))["items"]
        assert {each["attempt"] for each in dead} == {8}
        assert all(each["last_error"].startswith("RuntimeError: Broken") for each in dead)
        (ledger.folder / "repaired").touch()
        for each in dead:
            assert ok(api.post(f"/jobs/{each['id']}/retry"))["state"] == "queued"
        wait_until(lambda: ledger.count("done", "chores.greet") == 3, 20, what=ledger.report)
        assert ledger.effects() == {"greeted": 3}
