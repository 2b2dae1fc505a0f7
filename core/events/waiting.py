"""Requests that wait for something to happen: woken by commits and the bus, few of them where each is a thread."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
import structlog
from flask import Flask

from core import streams
from core.bus import Bus, Subscription
from core.db.closing import Committed
from core.db.session import at_end
from core.db.tenancy import current_agency_id
from core.events.log import SCOPE
from core.realtime.emit import HEADS, NewHead

log = structlog.get_logger()
GLANCE = 0.5
"""Seconds between two looks at an agency's log where nothing is heard."""
_AS_THREADS, _AS_GREENLETS = 2, 2_000
_EXTENSION = "tripfile.waiting"


class Waiting:
    """The requests of one process that wait."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_AS_GREENLETS if _is_gevent() else _AS_THREADS)
        self._bells: defaultdict[UUID, set[threading.Event]] = defaultdict(set)
        self._heads: dict[UUID, tuple[float, int]] = {}
        self._subscription: Subscription | None = None

    @contextmanager
    def place(self) -> Iterator[Place | None]:
        """A place to wait for the acting agency's events; None where too many wait already."""
        if not self._room.acquire(blocking=False):
            yield None
            return
        place = Place(self, current_agency_id())
        try:
            self._listen()
            with self._lock:
                self._bells[place.agency_id].add(place.bell)
            yield place
        finally:
            self._leave(place)
            self._room.release()

    def ring(self, agency_id: UUID) -> None:
        """Something happened in an agency."""
        with self._lock:
            self._heads.pop(agency_id, None)
            bells = tuple(self._bells.get(agency_id, ()))
        for bell in bells:
            bell.set()

    def committed(self, committed: Committed) -> None:
        """Something was committed by this process."""
        for head in committed.heads:
            if head.scope == SCOPE:
                self.ring(head.agency_id)

    def head(self, agency_id: UUID) -> int:
        """The head of the acting agency's log, asked for at most twice a second however many wait."""
        looked_at, head = self._heads.get(agency_id, (0.0, 0))
        now = time.monotonic()
        if now - looked_at >= GLANCE:
            head = streams.head(SCOPE)
            with self._lock:
                self._heads[agency_id] = (now, head)
        return head

    def close(self) -> None:
        """Stop listening."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()

    def _leave(self, place: Place) -> None:
        with self._lock:
            self._bells[place.agency_id].discard(place.bell)
            if not self._bells[place.agency_id]:
                del self._bells[place.agency_id]
                self._heads.pop(place.agency_id, None)

    def _listen(self) -> None:
        bus: Bus | None = self._app.extensions.get("tripfile.bus")
        with self._lock:
            if bus is not None and self._subscription is None:
                self._subscription = bus.subscribe([HEADS], self._heard)

    def _heard(self, _channel: str, message: bytes) -> None:
        try:
            head = msgspec.json.decode(message, type=NewHead)
        except msgspec.DecodeError:
            log.warning("events.unreadable_message")
            return
        if head.scope == SCOPE:
            self.ring(head.agency_id)


class Place:
    """One request that waits."""

    def __init__(self, waiting: Waiting, agency_id: UUID) -> None:
        self._waiting = waiting
        self.agency_id = agency_id
        self.bell = threading.Event()

    def wait(self, *, beyond: int, until: float) -> bool:
        """Whether the log has grown beyond a number before the monotonic clock says so; holds no connection."""
        # The time first: what one may not see wakes as well, and there may be no end of that.
        while (left := until - time.monotonic()) > 0:
            self.bell.clear()
            if self._waiting.head(self.agency_id) > beyond:
                return True
            self.bell.wait(min(left, GLANCE))
        return False


def waiting(app: Flask) -> Waiting:
    """The running application's waiting requests."""
    found: Waiting = app.extensions[_EXTENSION]
    return found


def install(app: Flask) -> Waiting:
    """Give an application room for requests that wait."""
    made = app.extensions[_EXTENSION] = Waiting(app)
    at_end(app, made.close)
    return made


def _is_gevent() -> bool:
    """Whether threads are greenlets here: a thousand of them cost little."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))
