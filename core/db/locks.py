"""Advisory locks by name, which end with the transaction or the savepoint they were taken in."""

from __future__ import annotations

from sqlalchemy import func, select

from core.crypto import digest
from core.extensions import db


def number(name: str) -> int:
    """What PostgreSQL knows the lock of a name by."""
    return int.from_bytes(digest(name.encode())[:8], "big", signed=True)


def exclusive(name: str) -> None:
    """Wait until nobody else holds the lock, and hold it alone."""
    db.session.execute(select(func.pg_advisory_xact_lock(number(name))))


def shared(name: str) -> None:
    """Wait until nobody holds the lock alone, and hold it with others."""
    db.session.execute(select(func.pg_advisory_xact_lock_shared(number(name))))
