"""Secrets that must be read again: sealed for one column of one row of one agency before they are stored."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from flask import current_app

from core import crypto
from core.config import Settings
from core.crypto import Envelope, Unreadable, seal, unseal
from core.db.tenancy import current_agency_id
from core.keyring.rings import Ring, ring

RING = "vault"
_FORM = "2"
"""The first form was base64 alone, sealed with a key that is derived from JWT_SECRET."""


def sealed(plain: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """A text that only the same agency, column (`<table>.<column>`) and row can open again.

    The acting agency's unless another is named: PLATFORM for what belongs to a person rather than to an agency. Declare
    the column with `info=sealed()`, so that what it holds follows when the ring gets a new key.
    """
    key = _ring().current()
    return str(Envelope(_FORM, key.id, seal(key.secret, plain.encode(), place=_place(column, row_id, agency_id))))


def opened(text: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """What was sealed. Raises Unreadable, as after the key was dropped from the ring."""
    place = _place(column, row_id, agency_id)
    if "." not in text:
        return unseal(_old_key(), _bytes(text), place=place).decode()
    found = Envelope.read(text, form=_FORM)
    key = _ring().find(found.key_id)
    if key is None:
        raise Unreadable(f"It was sealed with a key that the ring {RING} has no more")
    return unseal(key.secret, found.sealed, place=place).decode()


def prefix_of(key_id: UUID) -> str:
    """What every text begins with that was sealed with a key of the ring."""
    return crypto.prefix_of(_FORM, key_id)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unreadable("It is no sealed text") from error


def _old_key() -> bytes:
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings.key_for("sealed columns")


def _ring() -> Ring:
    return ring(RING)


def _place(column: str, row_id: UUID, agency_id: UUID | None) -> bytes:
    # A ciphertext moved to another row, column or agency opens nowhere.
    return f"{agency_id or current_agency_id()}:{column}:{row_id}".encode()
