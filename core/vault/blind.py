"""Blind indexes: keyed digests that tell whether two sealed values are equal, within one agency, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from flask import current_app

from core.crypto import derive_key, keyed_digest
from core.db.tenancy import current_agency_id
from core.keyring.rings import INDEX, ring

_APART = re.compile(r"[\s./-]+")


def spelled(value: str) -> str:
    """How numbers of documents and accounts are compared: upper case, without blanks, dots, hyphens and slashes."""
    return _APART.sub("", unicodedata.normalize("NFKC", value)).upper()


def digest(value: str, *, place: str) -> UUID:
    """HMAC-SHA256 cut to 128 bits (RFC 2104), under a key of the acting agency and of the place."""
    # As a UUID: 16 bytes that every index compares, under row-level security as well.
    return UUID(bytes=keyed_digest(_key(f"{current_agency_id()}:{place}"), value.encode())[:16])


def _key(place: str) -> bytes:
    return derive_key(_root(), purpose=f"blind index: {place}")


def _root() -> bytes:
    kept: bytes | None = current_app.extensions.get("tripfile.blind_index")
    if kept is None:
        found = ring(INDEX)
        found.current()
        # The oldest, should somebody have rotated the ring.
        kept = current_app.extensions["tripfile.blind_index"] = found.all()[0].secret
    return kept
