"""The sweeper: takes back what silent workers held, rings for what is due, fires schedules, deletes what is old."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from flask import Flask

from core.config import Settings
from core.jobs import ledger, outcome, schedules
from core.jobs.ledger import Lease
from core.jobs.measurements import ended, leases_expired
from core.jobs.registry import Known

log = structlog.get_logger()
TICK = 0.5
"""Seconds between two looks at what has come to its time."""
FIRE_EVERY = 1.0
ALIGN_EVERY = 60.0
FORGET_EVERY = 600.0
_SILENT = "The worker that ran it ended without a word in its last attempt"


@dataclass
class _Duty:
    do: Callable[[], None]
    every: float
    next_at: float = 0.0


class Sweeper:
    """Any number may run: what one does, the others leave alone."""

    def __init__(
        self, app: Flask, settings: Settings, jobs: Mapping[str, Known], *, ring: Callable[[list[str]], None]
    ) -> None:
        self._app = app
        self._settings = settings
        self._jobs = jobs
        self._queues = sorted({known.job.queue for known in jobs.values()})
        self._ring = ring
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        sweep = settings.worker_lease.total_seconds() / 6
        self._duties = [
            _Duty(self.promote, TICK),
            _Duty(self.sweep, sweep),
            _Duty(self.align, ALIGN_EVERY),
            _Duty(self.fire, FIRE_EVERY),
            _Duty(self.forget, FORGET_EVERY),
        ]

    def start(self) -> None:
        """Sweep in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Sweep no more."""
        self._stop.set()
        self._thread.join(5)

    def promote(self) -> None:
        """Ring for what has come to its time."""
        self._ring(ledger.promote())

    def sweep(self) -> None:
        """Take back what silent workers held, ring for all that waits, and give up what was in its last attempt.

        Bells get lost; here everything that is due is rung for again.
        """
        back = ledger.take_back(backoff=self._settings.jobs_backoff)
        if back:
            leases_expired.inc(len(back))
            log.warning("jobs.taken_back", jobs=len(back))
        self._ring(ledger.waiting(self._queues))
        for spent in ledger.spent():
            self._bury(spent)

    def align(self) -> None:
        """Give new agencies and new jobs their schedules."""
        schedules.align(self._jobs)

    def fire(self) -> None:
        """Enqueue what is scheduled for now."""
        while schedules.fire(self._jobs):
            pass

    def forget(self) -> None:
        """Delete what ended long ago."""
        keep = {"keep_done": self._settings.jobs_keep_done, "keep_dead": self._settings.jobs_keep_dead}
        while not self._stop.is_set() and ledger.forget(**keep):
            pass

    def _bury(self, spent: ledger.Spent) -> None:
        claim = ledger.Claim(id=spent.id, name=spent.name, payload={}, attempt=1, max_attempts=1, token=spent.token)
        buried = outcome.bury(
            Lease(claim), name=spent.name, agency_id=spent.agency_id, user_id=spent.user_id, error=_SILENT
        )
        if buried:
            log.error("job.dead", job=spent.name, job_id=str(spent.id), cause="silence")
            ended.labels(spent.queue, spent.name, "dead").inc()

    def _run(self) -> None:
        while not self._stop.is_set():
            now = time.monotonic()
            for duty in self._duties:
                if duty.next_at <= now and not self._stop.is_set():
                    self._do(duty)
                    # Several processes that started together do not sweep together for ever.
                    duty.next_at = time.monotonic() + duty.every * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
            self._stop.wait(TICK / 2)

    def _do(self, duty: _Duty) -> None:
        try:
            with self._app.app_context():
                duty.do()
        except Exception as error:  # noqa: BLE001 - the database may be away; the next round tries again
            log.warning("sweeper.failed", duty=duty.do.__name__, cause=f"{type(error).__name__}: {error}")
