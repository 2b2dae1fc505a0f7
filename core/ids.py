"""Identifiers: UUIDv7, so that rows made together lie together in every index."""

from __future__ import annotations

from datetime import datetime
from random import Random
from uuid import UUID

from uuid_utils.compat import uuid7

from core import past


def first_at(instant: datetime) -> UUID:
    """The least identifier that can be made from an instant on: all made before it are less."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def new() -> UUID:
    """A new time-ordered identifier (RFC 9562, version 7)."""
    told = past.told()
    return uuid7() if told is None else at(told.at, told.random)


def at(instant: datetime, random: Random) -> UUID:
    """The identifier of something that was made in the past: the same for the same instant and state of `random`.

    For made-up worlds and imports only: what is told by `random` can be guessed.
    """
    milliseconds = int(instant.timestamp() * 1000) & (1 << 48) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62))
