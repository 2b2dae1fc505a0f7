"""A background thread that listens, and connects again with growing pauses whenever that breaks."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import structlog

from core.bus import metrics

log = structlog.get_logger()
GLANCE = 0.2
"""Seconds after which a listener looks up from its connection."""
PROBE_EVERY = 5.0
"""Seconds of silence after which it asks whether anybody is there."""
_IN_A_ROW = 200
_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0)


class Ear(Protocol):
    """A connection that messages come by; whatever it raises means that it broke."""

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """What came within GLANCE."""

    def close(self) -> None:
        """Disconnect."""


class Listener:
    """Calls back for what arrives until it is closed; what a callback raises is logged."""

    def __init__(
        self, connect: Callable[[], Ear], on_message: Callable[[str, bytes], None], on_connected: Callable[[], None]
    ) -> None:
        self._connect = connect
        self._on_message = on_message
        self._on_connected = on_connected
        self._closing = threading.Event()
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="bus-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; nothing is called afterwards."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join(10 * GLANCE)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - a thread that dies of a strange error would be deaf for ever
                self._note(error)
                # Not all processes at once.
                pause = _PAUSES[min(self._failures, len(_PAUSES)) - 1] * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, not a secret
                self._closing.wait(pause)

    def _listen(self) -> None:
        ear = self._connect()
        try:
            if self._failures:
                log.info("bus.hears_again")
            self._failures = 0
            self._call(self._on_connected)
            while not self._closing.is_set():
                for number, (channel, message) in enumerate(ear.messages(), start=1):
                    self._call(self._on_message, channel, message)
                    if number % _IN_A_ROW == 0:
                        # Under gevent nobody else has a turn as long as there is something to read.
                        time.sleep(0)
        finally:
            ear.close()

    def _note(self, error: Exception) -> None:
        metrics.reconnects.labels("listener").inc()
        if self._failures == 0:
            log.error("bus.deaf", cause=type(error).__name__, effect="hints between processes come late")
        self._failures += 1

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        if self._closing.is_set():
            return
        try:
            callback(*arguments)
        except Exception:
            log.exception("bus.callback_failed")
