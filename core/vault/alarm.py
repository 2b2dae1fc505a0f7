"""What cannot be opened any more although nobody was erased: told once, however often it is read."""

from __future__ import annotations

from uuid import UUID

import structlog
from flask import current_app

from core.crypto import Unreadable

log = structlog.get_logger()
_EXTENSION = "tripfile.vault.unreadable"
_MOST_NOTED = 10_000


def unreadable(table: str, row_id: UUID, error: Unreadable) -> None:
    """Tell whoever watches, once a process, that a row holds what nobody can open."""
    noted: set[UUID] = current_app.extensions.setdefault(_EXTENSION, set())
    if row_id in noted:
        return
    if len(noted) >= _MOST_NOTED:
        # Rather twice than without an end.
        noted.clear()
    noted.add(row_id)
    log.error("vault.unreadable", table=table, row_id=str(row_id), error=str(error))
