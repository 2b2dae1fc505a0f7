"""Secrets that must be read again: sealed for one column of one row of one agency before they are stored."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from flask import current_app

from core.config import Settings
from core.crypto import Unreadable, seal, unseal
from core.db.tenancy import current_agency_id


def sealed(plain: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """A text that only the same agency, column (`<table>.<column>`) and row can open again.

    The acting agency's unless another is named: PLATFORM for what belongs to a person rather than to an agency.
    """
    place = _place(column, row_id, agency_id)
    return base64.b64encode(seal(_key(), plain.encode(), place=place)).decode()


def opened(text: str, *, column: str, row_id: UUID, agency_id: UUID | None = None) -> str:
    """What was sealed. Raises Unreadable, as after JWT_SECRET was changed."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unreadable("It is no sealed text") from error
    return unseal(_key(), raw, place=_place(column, row_id, agency_id)).decode()


def _key() -> bytes:
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings.key_for("sealed columns")


def _place(column: str, row_id: UUID, agency_id: UUID | None) -> bytes:
    # A ciphertext moved to another row, column or agency opens nowhere.
    return f"{agency_id or current_agency_id()}:{column}:{row_id}".encode()
