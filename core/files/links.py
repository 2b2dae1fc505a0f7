"""Links that give one file away until they expire: who signed says which agency, which file and until when."""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from flask import current_app

from core import clock
from core.config import Settings
from core.crypto import equal, keyed_digest
from core.files.errors import LinkRefused

LASTS = timedelta(minutes=10)
_PARTS = struct.Struct("!16s16sQ")
_SEAL = 16


class Linked(msgspec.Struct, frozen=True):
    """What a link says."""

    agency_id: UUID
    file_id: UUID
    expires_at: datetime


def made(agency_id: UUID, file_id: UUID) -> tuple[str, datetime]:
    """The text of a link, and when it expires."""
    expires_at = (clock.now() + LASTS).replace(microsecond=0)
    body = _PARTS.pack(agency_id.bytes, file_id.bytes, int(expires_at.timestamp()))
    return _text(_seal(body) + body), expires_at


def read(text: str) -> Linked:
    """What a link says. Raises LinkRefused where it has expired or was not made here."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise LinkRefused from None
    seal, body = raw[:_SEAL], raw[_SEAL:]
    # One text for one link: letters that decode to the same bytes are not the same link.
    if _text(raw) != text or len(body) != _PARTS.size or not equal(seal, _seal(body)):
        raise LinkRefused
    agency, file, expires = _PARTS.unpack(body)
    linked = Linked(UUID(bytes=agency), UUID(bytes=file), datetime.fromtimestamp(expires, UTC))
    if clock.now() >= linked.expires_at:
        raise LinkRefused
    return linked


def address(text: str) -> str:
    """Where a link is answered."""
    settings = _settings()
    return f"{settings.files_origin or settings.base_url.rstrip('/')}/p/files/{text}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _seal(body: bytes) -> bytes:
    return keyed_digest(_settings().key_for("file links"), body)[:_SEAL]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings
