"""When keys were last used: noted in memory, written once a minute beside the requests."""

from __future__ import annotations

import threading
from datetime import datetime
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
# Requests that were let in while a revocation was on its way show as of that moment; LEAST and GREATEST pass over NULL.
_WRITE = text("""
UPDATE core_api_key k SET last_used_at = greatest(k.last_used_at, least(used.at, k.revoked_at))
FROM unnest(cast(:ids AS uuid[]), cast(:times AS timestamptz[])) AS used (id, at) WHERE k.id = used.id
""")


class LastUse:
    """The keys used since the last write, and when; the thread that writes them starts with the first use."""

    def __init__(self, app: Any) -> None:
        # The proxy of the running application means nothing in another thread.
        self._app: Flask = getattr(app, "_get_current_object", lambda: app)()
        self._used: dict[UUID, datetime] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, key_id: UUID) -> None:
        """A key was used."""
        # With the lock: noted in what is being written just now, it would be lost.
        with self._lock:
            self._used[key_id] = clock.now()
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._run, name="api-keys-last-use", daemon=True)
                self._thread.start()
                at_end(self._app, self.close)

    def write(self) -> None:
        """Write what was used; kept for the next time where that fails."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            with apart() as session:
                ordered = sorted(used.items())
                session.execute(_WRITE, {"ids": [key for key, _ in ordered], "times": [at for _, at in ordered]})
        except Exception:
            log.exception("api_keys.last_use_not_written")
            with self._lock:
                self._used = used | self._used

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
