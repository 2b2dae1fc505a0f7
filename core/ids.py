"""Identifiers: UUIDv7, so that rows made together lie together in every index."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new() -> UUID:
    """A new time-ordered identifier (RFC 9562, version 7)."""
    return uuid7()
