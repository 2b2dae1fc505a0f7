"""Secrets that must be read again: sealed for one column of one row of one agency before they are stored."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from flask import current_app

from core.config import Settings
from core.crypto import Unreadable, seal, unseal
from core.db.tenancy import current_agency_id
from core.keyring.rings import Ring, ring

RING = "vault"
_FORM = "2"
"""`<form>.<the ring's key in hexadecimal>.<base64 of nonce, ciphertext and tag>`. The first form was base64 alone,
sealed with a key that is derived from JWT_SECRET."""


def sealed(plain: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """A text that only the same agency, column (`<table>.<column>`) and row can open again.

    The acting agency's unless another is named: PLATFORM for what belongs to a person rather than to an agency. Declare
    the column with `info=sealed()`, so that what it holds follows when the ring gets a new key.
    """
    key = _ring().current()
    raw = seal(key.secret, plain.encode(), place=_place(column, row_id, agency_id))
    return f"{prefix_of(key.id)}{base64.b64encode(raw).decode()}"


def opened(text: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """What was sealed. Raises Unreadable, as after the key was dropped from the ring."""
    form, key_id, body = _parts(text)
    try:
        raw = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Unreadable("It is no sealed text") from error
    key = _old_key() if form == "" else _key(form, key_id)
    return unseal(key, raw, place=_place(column, row_id, agency_id)).decode()


def prefix_of(key_id: UUID) -> str:
    """What every text begins with that was sealed with a key of the ring."""
    return f"{_FORM}.{key_id.hex}."


def _parts(text: str) -> tuple[str, str, str]:
    form, dot, rest = text.partition(".")
    if not dot:
        return "", "", text
    key_id, _, body = rest.partition(".")
    return form, key_id, body


def _key(form: str, key_id: str) -> bytes:
    if form != _FORM:
        raise Unreadable("It was sealed in a form that is not known here")
    try:
        key = _ring().find(UUID(hex=key_id))
    except ValueError as error:
        raise Unreadable("It is no sealed text") from error
    if key is None:
        raise Unreadable(f"It was sealed with a key that the ring {RING} has no more")
    return key.secret


def _old_key() -> bytes:
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings.key_for("sealed columns")


def _ring() -> Ring:
    return ring(RING)


def _place(column: str, row_id: UUID, agency_id: UUID | None) -> bytes:
    # A ciphertext moved to another row, column or agency opens nowhere.
    return f"{agency_id or current_agency_id()}:{column}:{row_id}".encode()
