"""What a storage can do. Keys are ours (`<agency>/<two digits>/<file>`), so that nothing a stranger typed is a path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Protocol
from uuid import UUID

PIECE = 256 * 1024
"""How many bytes are read and sent at once."""
_KEY = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f-]{36}", re.ASCII)


class Missing(Exception):
    """Nothing is stored under this key."""


class Storage(Protocol):
    """Keeps bytes under keys. Every method may raise OSError or Unavailable where the storage is away or full."""

    def put(self, key: str, source: BinaryIO, *, media_type: str) -> None:
        """Keep everything `source` has left; afterwards it is safe, and before that nobody sees a part of it."""

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes, from `start` on, `length` of them. Raises Missing at once, not while they are read."""

    def delete(self, key: str) -> None:
        """Forget it; nothing happens where there is nothing."""

    def keys(self, prefix: str, *, before: datetime) -> Iterator[str]:
        """The keys that begin with `prefix` and were written before an instant."""

    def link(self, key: str, *, disposition: str, media_type: str, seconds: int) -> str | None:
        """An address of the storage's own that gives this file away for so long; None where we serve it ourselves."""


def key_of(agency_id: UUID, file_id: UUID) -> str:
    """Where a file of an agency lies. The last digits of an id are random, the first ones tell the time."""
    return f"{agency_id}/{file_id.hex[-2:]}/{file_id}"


def checked(key: str) -> str:
    """The key itself; raises ValueError for what no `key_of` made."""
    if not _KEY.fullmatch(key):
        raise ValueError("This is no key of a stored file")
    return key
