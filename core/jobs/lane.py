"""A queue inside a worker: what is claimed and not started, what runs, and what the ledger is to be told."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import structlog
from flask import Flask

from core.jobs import ledger
from core.jobs.ledger import Claim, Lease
from core.jobs.runner import Outcome, Runner

log = structlog.get_logger()
MOST = 100
"""Jobs claimed, or finished, in one statement."""
SLICE = 0.1
"""Seconds of work to claim at a time: the longer, the fewer statements; the shorter, the fairer."""
TELL_WITHIN = 0.02
"""Seconds after which jobs that left nothing to commit are told to the ledger as done."""
STUCK_AFTER = 1.0
"""Seconds after which what is claimed and not started is given back for others."""
_RING_EVERY = 0.02
_FAST = 0.001
"""Seconds: a second thread of the same interpreter only makes such jobs slower."""
_RECENT = 0.3
HELD_UP = 0.1
"""Seconds without a new job after which the one thread that drains quick jobs has met a slow one: others help."""


class _Claimed(NamedTuple):
    claim: Claim
    lease: Lease


class Lane:
    """Drains one queue with any number of threads."""

    def __init__(
        self,
        app: Flask,
        queue: str,
        names: tuple[str, ...],
        runner: Runner,
        *,
        lease: timedelta,
        ring: Callable[[], None],
    ) -> None:
        self.queue = queue
        self._app = app
        self._names = names
        self._runner = runner
        self._lease = lease
        self._ring = ring
        self._lock = threading.Lock()
        self._waiting: deque[_Claimed] = deque()
        self._claimed_at = 0.0
        self._running: set[Lease] = set()
        self._done: list[Lease] = []
        self._done_at = 0.0
        self._seconds = SLICE
        self._draining = 0
        self._rung = False
        self._rang_at = 0.0
        self._moved_at = 0.0
        self.stopping = False

    def drain(self) -> None:
        """Run what is due until nothing is. Called for each bell; several threads may."""
        with self._lock:
            self._rung = True
            if self._draining and self._seconds < _FAST and not self._held_up:
                return
            self._draining += 1
        try:
            while self._called():
                self._serve()
        except BaseException:
            with self._lock:
                self._draining -= 1
            raise

    def leases(self) -> list[Lease]:
        """Every lease this process holds in this queue."""
        with self._lock:
            return [*self._running, *(each.lease for each in self._waiting), *self._done]

    @property
    def busy(self) -> int:
        """Threads that run a job or claim some."""
        return self._draining

    def call_help(self) -> None:
        """Ring again for a bell that was left to a thread which has met a slow job."""
        with self._lock:
            if not (self._rung and self._held_up) or self.stopping:
                return
            self._rung = False
        self._ring()

    def tell(self, *, now: bool = False) -> None:
        """Tell the ledger of jobs that are done, when it is time for that."""
        with self._lock:
            due = now or len(self._done) >= MOST or time.monotonic() - self._done_at > TELL_WITHIN
            if not (self._done and due):
                return
            done, self._done = self._done, []
        try:
            with self._app.app_context():
                kept = ledger.finish(done)
        except Exception:
            with self._lock:
                self._done = done + self._done
            raise
        if kept < len(done):
            log.warning("jobs.leases_lost", queue=self.queue, jobs=len(done) - kept)

    def give_back(self, *, stuck: bool = True) -> None:
        """Release what is not started: with `stuck` only where it has waited for too long."""
        with self._lock:
            if stuck and time.monotonic() - self._claimed_at < STUCK_AFTER:
                return
            leases = [each.lease for each in self._waiting]
            self._waiting.clear()
        if leases:
            with self._app.app_context():
                ledger.release(leases)
            self._ring()

    @property
    def _held_up(self) -> bool:
        return time.monotonic() - self._moved_at > HELD_UP

    def _called(self) -> bool:
        """Whether a bell rang since the last look; where none did, this thread counts as gone."""
        with self._lock:
            if self._rung and not self.stopping:
                self._rung = False
                self._moved_at = time.monotonic()
                return True
            # Under the same lock as the look: a bell in between would find a thread that is about to go.
            self._draining -= 1
            return False

    def _serve(self) -> None:
        while not self.stopping:
            claimed = self._next()
            if claimed is None:
                break
            self._run(claimed)
        self.tell(now=True)

    def _next(self) -> _Claimed | None:
        claimed = self._take()
        if claimed is None:
            self.tell(now=True)
            self._claim()
            claimed = self._take()
        return claimed

    def _take(self) -> _Claimed | None:
        with self._lock:
            if not self._waiting or self.stopping:
                return None
            claimed = self._waiting.popleft()
            # At once, so that no heartbeat finds it in neither place.
            self._running.add(claimed.lease)
            self._moved_at = time.monotonic()
            return claimed

    def _claim(self) -> None:
        wanted = max(1, min(MOST, int(SLICE / self._seconds)))
        with self._app.app_context():
            claims = ledger.claim(self.queue, self._names, most=wanted, lease=self._lease)
        with self._lock:
            self._waiting.extend(_Claimed(claim, Lease(claim)) for claim in claims)
            self._claimed_at = time.monotonic()
            # One alone may have been picked out of many: it failed before, or is more urgent.
            more = len(claims) in (1, wanted) and self._claimed_at - self._rang_at > _RING_EVERY
            if more:
                self._rang_at = self._claimed_at
        if self.stopping:
            self.give_back(stuck=False)
        elif more:
            # There is probably more: others may help.
            self._ring()

    def _run(self, claimed: _Claimed) -> None:
        begun = time.monotonic()
        outcome = self._runner.run(claimed.claim, claimed.lease)
        ended = time.monotonic()
        with self._lock:
            self._running.discard(claimed.lease)
            self._seconds += _RECENT * (max(ended - begun, 1e-5) - self._seconds)
            if outcome is Outcome.UNWRITTEN:
                if not self._done:
                    self._done_at = ended
                self._done.append(claimed.lease)
        self.tell()
