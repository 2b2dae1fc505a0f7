"""The background of followers: woken by the bus when something happened, and by a beat when nothing was heard."""

from __future__ import annotations

import threading
import time
from uuid import UUID

import msgspec
import structlog
from flask import Flask, current_app
from prometheus_client import Gauge

from core.bus import Bus
from core.events import checkpoints, following
from core.events.log import SCOPE
from core.realtime.emit import HEADS, NewHead

log = structlog.get_logger()
BEAT = 2.0
"""Seconds after which every agency is looked at, whatever was heard."""
_ATTENTION = 0.25
"""Seconds until somebody who says stop is noticed."""
_lag = Gauge(
    "tripfile_follower_lag_events",
    "Events that a follower has not read yet, in all agencies together.",
    ["follower"],
    multiprocess_mode="mostrecent",
)


def run_forever(app: Flask, stop: threading.Event) -> None:
    """Let followers read until told to stop. Any number of processes may do this; no event is read twice."""
    bell = _Bell()
    bus: Bus | None = app.extensions.get("tripfile.bus")
    subscription = bus.subscribe([HEADS], bell.heard, bell.ring_for_all) if bus else None
    try:
        while not stop.is_set():
            agencies = bell.wait(stop)
            if agencies is None or agencies:
                _round(app, stop, bell, agencies)
    finally:
        if subscription is not None:
            subscription.close()


def measure() -> None:
    """Set the gauges to how far followers are behind."""
    names = list(following.registered(current_app))
    behind = checkpoints.backlogs(names)
    for name in names:
        _lag.labels(name).set(behind.get(name, 0))


class _Bell:
    """Which agencies something was heard of since they were last looked at."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._lock = threading.Lock()
        self._agencies: set[UUID] = set()
        self._next_beat = 0.0

    def heard(self, _channel: str, message: bytes) -> None:
        """Take in the new head of a stream."""
        try:
            head = msgspec.json.decode(message, type=NewHead)
        except msgspec.DecodeError:
            log.warning("followers.unreadable_message")
            return
        if head.scope == SCOPE:
            self.ring(head.agency_id)

    def ring(self, agency_id: UUID) -> None:
        """There is something to read in an agency."""
        with self._lock:
            self._agencies.add(agency_id)
        self._rung.set()

    def ring_for_all(self) -> None:
        """There may be something to read anywhere."""
        self._next_beat = 0.0
        self._rung.set()

    def wait(self, stop: threading.Event) -> set[UUID] | None:
        """The agencies to look at; None for all of them, none of them when it is time to stop."""
        while not stop.is_set():
            now = time.monotonic()
            if now >= self._next_beat:
                self._next_beat = now + BEAT
                self._take()
                return None
            if self._rung.wait(min(self._next_beat - now, _ATTENTION)):
                return self._take()
        return set()

    def _take(self) -> set[UUID]:
        with self._lock:
            self._rung.clear()
            found, self._agencies = self._agencies, set()
        return found


def _round(app: Flask, stop: threading.Event, bell: _Bell, agencies: set[UUID] | None) -> None:
    """A batch for each follower that has something to read: none of them waits for another's backlog."""
    followers = following.registered(app)
    try:
        with app.app_context():
            lags = checkpoints.lagging(followers, agencies)
        for lag in lags:
            if stop.is_set():
                return
            due = agencies is None or followers[lag.name].follower.eager or lag.behind >= following.BATCH
            if due and following.step(app, lag):
                bell.ring(lag.agency_id)
    except Exception:
        # The database is away; the next beat tries again.
        log.exception("followers.interrupted")
