"""Messages leave from a bounded line, by one thread per process that comes with the first and goes when it is idle."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import structlog

from core.bus import metrics

log = structlog.get_logger()
PATIENCE = 3.0
"""Seconds a message waits for a service that is down."""
LINGER = 30.0
"""Seconds without a message after which the connection is given back."""
MOST = 10_000
MOST_BYTES = 16_000_000
LARGEST = 1_000_000
"""Bytes of one message."""
BATCH = 500
_PAUSES = (0.05, 0.1, 0.25, 0.5)
_CLOSING = 1.0


class Message(NamedTuple):
    """A message in the line."""

    channel: str
    body: bytes
    since: float


class Carrier(Protocol):
    """A connection that messages leave by; whatever it raises means that it broke."""

    def send(self, batch: Sequence[Message]) -> None:
        """Hand over a batch."""

    def close(self) -> None:
        """Disconnect."""


class Sender:
    """Takes messages from any thread and never makes it wait."""

    def __init__(self, connect: Callable[[], Carrier]) -> None:
        self._connect = connect
        # By process: a forked child has neither its parent's thread nor a right to its connection.
        self._lines: dict[int, _Line] = {}

    def put(self, channel: str, messages: Iterable[bytes]) -> None:
        """Put messages in the line; when it is too long, the oldest go."""
        pid = os.getpid()
        line = self._lines.get(pid) or self._lines.setdefault(pid, _Line(self._connect))
        line.put(channel, messages)

    def close(self) -> None:
        """Send what waits, within a second; whatever comes later is dropped."""
        line = self._lines.setdefault(os.getpid(), _Line(self._connect))
        line.close()


class _Line:
    def __init__(self, connect: Callable[[], Carrier]) -> None:
        self._connect = connect
        self._changed = threading.Condition()
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None

    def put(self, channel: str, messages: Iterable[bytes]) -> None:
        now = time.monotonic()
        with self._changed:
            for body in messages:
                if self._deadline is not None:
                    metrics.dropped.labels("closed").inc()
                elif len(body) > LARGEST:
                    metrics.dropped.labels("too large").inc()
                else:
                    self._waiting.append(Message(channel, body, now))
                    self._bytes += len(body)
            while len(self._waiting) > MOST or self._bytes > MOST_BYTES:
                self._bytes -= len(self._waiting.popleft().body)
                metrics.dropped.labels("too many").inc()
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bus-sender", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._deadline = time.monotonic() + _CLOSING
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(2 * _CLOSING)

    def _run(self) -> None:
        carrier: Carrier | None = None
        try:
            while batch := self._take():
                carrier = self._deliver(batch, carrier)
        finally:
            _discard(carrier)

    def _take(self) -> list[Message]:
        """The next messages; empty when the thread should end."""
        idle_at = time.monotonic() + LINGER
        with self._changed:
            if self._thread is not threading.current_thread():
                # It has ended in the middle of an outage, and another one may have begun: two would mix the order.
                return []
            while not self._waiting:
                left = idle_at - time.monotonic()
                if left <= 0 or self._deadline is not None:
                    self._thread = None
                    return []
                self._changed.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._bytes -= sum(len(message.body) for message in batch)
            return batch

    def _deliver(self, batch: list[Message], carrier: Carrier | None) -> Carrier | None:
        # The server may have ended an idle connection, which is no outage.
        stale, failures, lost = carrier is not None, 0, 0
        while batch:
            try:
                carrier = carrier or self._connect()
                carrier.send(batch)
                break
            except Exception as error:  # noqa: BLE001 - a thread that dies of a strange error would silence the bus
                _discard(carrier)
                carrier = None
                if not stale:
                    self._note(error, failures)
                    self._pause(failures)
                    failures += 1
                stale = False
                fresh = self._fresh(batch)
                lost += len(batch) - len(fresh)
                # One outage stays one, however many messages it takes.
                batch = fresh or self._take()
        for message in batch:
            metrics.sent.labels(message.channel).inc()
        if failures and carrier:
            log.info("bus.recovered", lost=lost)
        return carrier

    def _note(self, error: Exception, failures: int) -> None:
        metrics.reconnects.labels("sender").inc()
        if failures == 0:
            log.error("bus.down", cause=type(error).__name__, effect="hints between processes come late")

    def _pause(self, failures: int) -> None:
        with self._changed:
            if self._deadline is None:
                self._changed.wait_for(lambda: self._deadline is not None, _PAUSES[min(failures, len(_PAUSES) - 1)])

    def _fresh(self, batch: list[Message]) -> list[Message]:
        now = time.monotonic()
        over = self._deadline is not None and now > self._deadline
        fresh = [] if over else [message for message in batch if now - message.since < PATIENCE]
        if len(fresh) < len(batch):
            metrics.dropped.labels("outage").inc(len(batch) - len(fresh))
        return fresh


def _discard(carrier: Carrier | None) -> None:
    if carrier is None:
        return
    try:
        carrier.close()
    except Exception as error:  # noqa: BLE001 - it is given up whatever it says
        log.debug("bus.close_failed", cause=type(error).__name__)
