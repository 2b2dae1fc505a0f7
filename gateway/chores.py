"""What the gateway asks the database in the background, one thing after another, so that nothing that sends waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Chores:
    """One background thread that makes calls in their order."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin with what is waiting."""
        self._thread = threading.Thread(target=self._run, name="gateway chores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after what is waiting."""
        self._calls.put(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def later(self, call: Callable[[], None]) -> None:
        """Make a call when those before it are done."""
        self._calls.put(call)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                call()
            except Exception:
                # The database may be away; heads come again in turn.
                log.exception("gateway.chore_failed")
