"""Opaque, signed page cursors: where a page ended, for which sort and filters."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app

from core.crypto import digest, equal, keyed_digest
from core.db.query import ListQuery
from core.errors import Fault, Invalid

_TAG_BYTES = 12


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The sort value and id of the last row of a page."""

    question: bytes
    value: Any
    row_id: UUID
    similar: bool = False
    """It was among the rows that are only similar to what was searched."""


def question_of(query: ListQuery, sort: str, *, of: Sequence[Any]) -> bytes:
    """A digest of what was asked, and `of` which list: a cursor only continues the list it came from."""
    return digest(msgspec.json.encode([*of, sort, query.q, query.conditions]))[:8]


def encode(position: Position) -> str:
    """The cursor text of a position."""
    body = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_tag(body) + body).decode().rstrip("=")


def decode(text: str, *, question: bytes, value_type: Any) -> Position:
    """The position a cursor stands for. Raises Invalid unless we made it, for this very list."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _refused() from None
    tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not equal(tag, _tag(body)):
        raise _refused()
    position = msgspec.json.decode(body, type=Position)
    if position.question != question:
        raise _refused()
    return msgspec.structs.replace(position, value=msgspec.convert(position.value, value_type, strict=False))


def _refused() -> Invalid:
    message = "This cursor does not belong to this list; start again without it"
    return Invalid(errors=[Fault("?cursor", "cursor", message)])


def _tag(body: bytes) -> bytes:
    key: bytes = current_app.extensions["tripfile.cursor_key"]
    return keyed_digest(key, body)[:_TAG_BYTES]
