"""A queue inside a worker: one thread drains quick jobs, and others come when it meets a slow one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.jobs.lane import Lane
from tests.chores.processes import wait_until

from .conftest import LEASE, Acting, WorkerHere

Rung = list[str]


@pytest.fixture
def quick(worker: WorkerHere, monkeypatch: pytest.MonkeyPatch) -> tuple[Lane, Rung]:
    """A lane whose jobs were quick so far, and the bells it rings."""
    monkeypatch.setattr("core.jobs.lane._FAST", 1000.0)
    rung: Rung = []
    names = ("chores.nothing",)
    lane = Lane(worker.app, "idle", names, worker.runner, lease=LEASE, ring=lambda: rung.append("idle"))
    return lane, rung


@pytest.fixture
def go_on(acting: Acting, chores: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Job 0 runs until this is set; the others are quick."""
    event = threading.Event()

    def wait_for_it(number: int) -> None:
        assert number or event.wait(20)

    monkeypatch.setattr(chores.nothing, "function", wait_for_it)
    with acting():
        chores.nothing.enqueue(0)
    yield event
    event.set()


def drained(lane: Lane) -> threading.Thread:
    thread = threading.Thread(target=lane.drain)
    thread.start()
    return thread


class TestASlowJobAmongQuickOnes:
    def test_does_not_keep_the_others_of_the_process_waiting(
        self,
        worker: WorkerHere,
        acting: Acting,
        chores: Any,
        quick: tuple[Lane, Rung],
        go_on: threading.Event,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        lane, rung = quick
        thread = drained(lane)
        wait_until(lambda: bool(lane.leases()), 5)
        rung.clear()
        with acting():
            chores.nothing.enqueue_many({"number": number} for number in range(1, 4))
        monkeypatch.setattr("core.jobs.lane.HELD_UP", 1000.0)
        lane.drain()
        assert worker.states() == {"running": 1, "queued": 3}
        lane.call_help()
        assert rung == []
        monkeypatch.setattr("core.jobs.lane.HELD_UP", 0.0)
        lane.call_help()
        lane.call_help()
        assert rung == ["idle"]
        lane.drain()
        assert worker.states() == {"running": 1, "done": 3}
        go_on.set()
        thread.join(10)
        assert worker.states() == {"done": 4}
        assert lane.busy == 0


class TestStopping:
    def test_what_is_claimed_at_that_moment_is_given_back_before_the_lane_is_idle(
        self,
        worker: WorkerHere,
        acting: Acting,
        chores: Any,
        quick: tuple[Lane, Rung],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        lane, _ = quick
        claim: Callable[..., Any] = Lane._claim

        def stop_while_claiming(self: Lane) -> None:
            self.stopping = True
            assert self.busy == 1
            claim(self)

        monkeypatch.setattr(Lane, "_claim", stop_while_claiming)
        with acting():
            chores.nothing.enqueue(1)
        lane.drain()
        assert lane.busy == 0
        assert worker.ask("SELECT state, attempt FROM core_job") == [("queued", 0)]
