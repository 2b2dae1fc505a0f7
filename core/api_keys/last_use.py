"""When keys were last used: noted in memory, written once a minute beside the requests."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import structlog
from flask import Flask
from sqlalchemy import text

from core import clock
from core.db.session import apart, at_end

log = structlog.get_logger()
EVERY = 60.0
"""Seconds between two writes of a process: one statement, however many keys were used."""
_WRITE = text("UPDATE core_api_key SET last_used_at = :now WHERE id = any(:ids)")


class LastUse:
    """The keys used since the last write; the thread that writes them starts with the first use."""

    def __init__(self, app: Any) -> None:
        # The proxy of the running application means nothing in another thread.
        self._app: Flask = getattr(app, "_get_current_object", lambda: app)()
        self._used: set[UUID] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, key_id: UUID) -> None:
        """A key was used."""
        # With the lock: noted in what is being written just now, it would be lost.
        with self._lock:
            self._used.add(key_id)
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._run, name="api-keys-last-use", daemon=True)
                self._thread.start()
                at_end(self._app, self.close)

    def write(self) -> None:
        """Write what was used; kept for the next time where that fails."""
        with self._lock:
            used, self._used = self._used, set()
        if not used:
            return
        try:
            with apart() as session:
                session.execute(_WRITE, {"now": clock.now(), "ids": sorted(used)})
        except Exception:
            log.exception("api_keys.last_use_not_written")
            with self._lock:
                self._used |= used

    def close(self) -> None:
        """Write what is left and stop."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.write()

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            with self._app.app_context():
                self.write()
