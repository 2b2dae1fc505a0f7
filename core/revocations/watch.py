"""What one process knows of the feed of revocations, and who listens to it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import structlog
from flask import Flask

from core.bus import Bus, Subscription
from core.db.session import at_end
from core.plugins import agencies
from core.revocations.feed import CHANNEL, MISSED, SINCE, Revoked

log = structlog.get_logger()
EVERY = 1.0
"""Seconds between two looks at the feed."""
STALE = 2.0
"""Seconds after which a process that could not look no longer relies on the feed."""
_REMEMBERED = 4_096
_EXTENSION = "tripfile.revocations"
_NEVER = float("-inf")


class Watch:
    """What one process knows of the feed.

    It asks for what came since at most once a second, and only when somebody uses a token or listens; what the bus
    brings counts at once.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pulling = threading.Lock()
        self._noting = threading.Lock()
        self._after: int | None = None
        self._looked = self._pulled = self._since = self._latest = _NEVER
        self._noted: OrderedDict[UUID, float] = OrderedDict()
        self._ids: OrderedDict[UUID, None] = OrderedDict()
        self._callbacks: list[Callable[[Revoked], None]] = []
        self._listener: _Listener | None = None
        self._troubled = False

    def holds(self, checked: float, *subjects: UUID | None) -> bool:
        """Whether what was asked of the database at `checked` (monotonic) about some subjects still counts.

        Looks at the feed where that is due; a process that cannot relies on nothing.
        """
        if time.monotonic() - self._looked >= EVERY:
            self.look()
        if checked <= self._since or not self.fresh:
            return False
        # Mostly nothing was revoked since, of whomever.
        return self._latest < checked or all(self._noted.get(each, _NEVER) < checked for each in subjects if each)

    @property
    def latest(self) -> float:
        """When (monotonic) a revocation was last heard of."""
        return max(self._latest, self._since)

    @property
    def fresh(self) -> bool:
        """Whether the feed was read a moment ago."""
        return time.monotonic() - self._pulled <= STALE

    def on(self, callback: Callable[[Revoked], None]) -> Callable[[], None]:
        """Have each revocation told, from some thread and within a second or two; returns what ends that.

        The callback must be short; what it raises is logged.
        """
        self._callbacks.append(callback)
        if self._listener is None:
            self._listener = _Listener(self, self._app)

        def off() -> None:
            self._callbacks.remove(callback)
            if not self._callbacks:
                self.close()

        return off

    def note(self, told: Revoked) -> None:
        """Take in a revocation, however it came; one that is known already changes nothing."""
        with self._noting:
            if told.id in self._ids:
                return
            self._ids[told.id] = None
            self._noted[told.subject_id] = self._latest = time.monotonic()
            self._noted.move_to_end(told.subject_id)
            self._forget_oldest()
        self._act_on(told)

    def look(self) -> None:
        """Read what came since the last look, unless that was a moment ago or somebody else is reading."""
        if time.monotonic() - self._looked < EVERY or not self._pulling.acquire(blocking=False):
            return
        self._looked = time.monotonic()
        try:
            self._pull()
            self._troubled = False
        except Exception:
            # Whoever asks finds the feed stale and asks the database itself, or fails there for the same reason.
            if not self._troubled:
                log.exception("revocations.unreadable")
            self._troubled = True
        finally:
            self._pulling.release()

    def close(self) -> None:
        """End the background look; the callbacks are told nothing more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _pull(self) -> None:
        started = time.monotonic()
        rows = SINCE.rows(after=2**62 if self._after is None else self._after)
        head = rows[0][0] if rows else 0
        news = [row for row in rows if row[1] is not None]
        if self._after is None:
            self._after, self._since = head, time.monotonic()
        elif head != self._after + len(news):
            # Cleaned up before we looked, or a database that was put back to an earlier state.
            self._miss(head)
        else:
            for _, seq, *fields in news:
                self.note(Revoked(*fields))
                self._after = seq
        self._pulled = started

    def _miss(self, head: int) -> None:
        with self._noting:
            self._after, self._since = head, time.monotonic()
            self._noted.clear()
        agencies.forget()
        self._act_on(MISSED)

    def _forget_oldest(self) -> None:
        while len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        while len(self._noted) > _REMEMBERED:
            # Whatever was checked before the forgotten one is checked anew.
            self._since = max(self._since, self._noted.popitem(last=False)[1])

    def _act_on(self, told: Revoked) -> None:
        if told.kind == "agency":
            agencies.forget(told.agency_id)
        for callback in tuple(self._callbacks):
            try:
                callback(told)
            except Exception:
                log.exception("revocations.callback_failed", kind=told.kind)


class _Listener:
    """The background of a watch that has callbacks: a look every second, and the bus."""

    def __init__(self, watched: Watch, app: Flask) -> None:
        self._watched = watched
        self._app = app
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="revocations", daemon=True)
        self._thread.start()
        bus = bus_of(app)
        self._subscription: Subscription | None = bus.subscribe([CHANNEL], self._heard) if bus else None

    def close(self) -> None:
        """Stop looking and listening."""
        self._ended.set()
        if self._subscription is not None:
            self._subscription.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        with self._app.app_context():
            self._watched.look()
        while not self._ended.wait(EVERY):
            with self._app.app_context():
                self._watched.look()

    def _heard(self, _channel: str, message: bytes) -> None:
        try:
            told = msgspec.json.decode(message, type=Revoked)
        except msgspec.DecodeError:
            log.warning("revocations.unreadable_message")
            return
        self._watched.note(told)


def watch(app: Flask) -> Watch:
    """What this process knows of the feed."""
    found: Watch | None = app.extensions.get(_EXTENSION)
    if found is None:
        found = app.extensions.setdefault(_EXTENSION, Watch(_itself(app)))
        at_end(app, found.close)
    return found


def bus_of(app: Flask) -> Bus | None:
    """How processes reach each other; None where there is only one."""
    bus: Bus | None = app.extensions.get("tripfile.bus")
    return bus


def _itself(app: Any) -> Flask:
    """The application, where given the proxy of the running one: that means nothing in another thread."""
    real: Flask = getattr(app, "_get_current_object", lambda: app)()
    return real
