"""What this process' sockets are sent: its own emits and heads at once, and those of other processes from the bus."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog

from core.realtime.emit import Emission, Live
from core.realtime.protocol import DEFAULT, NEW_SECONDS, StreamHead
from gateway import topics
from gateway.presence import Presences
from gateway.sessions import Follow
from gateway.sockets import Sockets

log = structlog.get_logger()
_TICK = 1.0
_PRESENCE_SECONDS = 0.1
"""How much coming and going is told together."""
_WAITING = 20_000
_AT_ONCE = 500


class Delivery:
    """One background loop that sends; it never waits for the database. `ticks` are called once a second."""

    def __init__(self, sockets: Sockets, presences: Presences, ticks: tuple[Callable[[], None], ...]) -> None:
        self._sockets = sockets
        self._presences = presences
        self._ticks = ticks
        self._wake = threading.Event()
        self._lock = threading.Lock()
        # Bounded: what is volatile may be lost where more comes than can be sent, the oldest first.
        self._emissions: deque[Emission] = deque(maxlen=_WAITING)
        self._heads: dict[tuple[UUID, str], int] = {}
        self._next_heads = self._next_presence = self._next_tick = 0.0
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="gateway delivery", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send what is pending, and stop."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def take(self, live: Live) -> None:
        """Have something sent that was committed."""
        if isinstance(live, Emission):
            self._emissions.append(live)
        else:
            with self._lock:
                key = (live.agency_id, live.scope)
                self._heads[key] = max(live.seq, self._heads.get(key, 0))
        self._wake.set()

    def wake(self) -> None:
        """There is something to tell about presence."""
        self._wake.set()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(self._idle())
            self._wake.clear()
            self._round()
        self._round()

    def _idle(self) -> float:
        """How long there is nothing to do unless somebody wakes us."""
        due = [self._next_tick]
        if self._heads:
            due.append(self._next_heads)
        if self._presences.pending:
            due.append(self._next_presence)
        return max(0.0, min(due) - time.monotonic())

    def _round(self) -> None:
        now = time.monotonic()
        for _ in range(min(_AT_ONCE, len(self._emissions))):
            _safely(self._send, self._emissions.popleft())
        if self._emissions:
            self._wake.set()
            # An event that is set already is waited for without giving anybody else a turn.
            time.sleep(0)
        # Bursts are one hint: the first at once, what comes in the moments after it together.
        if self._heads and (now >= self._next_heads or self._closed):
            self._next_heads = now + NEW_SECONDS
            _safely(self._send_heads)
        # A thousand who come into a room at once would otherwise be told of each other a million times.
        if self._presences.pending and (now >= self._next_presence or self._closed):
            self._next_presence = now + _PRESENCE_SECONDS
            _safely(self._presences.flush)
        if now >= self._next_tick:
            self._next_tick = now + _TICK
            for tick in self._ticks:
                _safely(tick)

    def _send(self, emission: Emission) -> None:
        self._sockets.emit(emission.namespace, emission.event, emission.data, to=emission.room)

    def _send_heads(self) -> None:
        with self._lock:
            heads, self._heads = self._heads, {}
        for (agency_id, scope), seq in heads.items():
            follow = Follow(topics.of(scope), agency_id, scope)
            self._sockets.emit(DEFAULT, "stream.new", StreamHead(follow.topic, seq), to=follow.room)


def _safely(call: Callable[..., None], *args: Any) -> None:
    try:
        call(*args)
    except Exception:
        # One that cannot be sent must not keep the others from being sent.
        log.exception("gateway.not_sent")
