"""Identifiers: UUIDv7, so that rows made together lie together in every index."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def first_at(instant: datetime) -> UUID:
    """The least identifier that can be made from an instant on: all made before it are less."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def new() -> UUID:
    """A new time-ordered identifier (RFC 9562, version 7)."""
    return uuid7()
