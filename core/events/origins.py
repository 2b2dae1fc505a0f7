"""Where events come from, kept beside the log: it can be forgotten, because the log is sealed over its digest alone."""

from __future__ import annotations

import secrets
from hashlib import sha256
from uuid import UUID

from flask import has_request_context, request

from core.events.models import EventOrigin

MAX_USER_AGENT = 400
_SALT = 16
"""Bytes, written in hexadecimal: there are too few addresses to hide one by its digest."""


def of(event_id: UUID, *, agency_id: UUID, ip: str | None, reason: str | None) -> EventOrigin | None:
    """Where an event came from; None where there is nothing to tell. `ip` where that is not the running request."""
    told = _address() if ip is None else ip, _user_agent(), reason
    if told == (None, None, None):
        return None
    salt = secrets.token_hex(_SALT)
    return EventOrigin(
        agency_id=agency_id, event_id=event_id, ip=told[0], user_agent=told[1], reason=told[2], salt=salt
    )


def digest(salt: str, ip: str | None, user_agent: str | None, reason: str | None) -> str:
    """What an event keeps of where it came from: the SHA-256 of salt, address, device and reason, in hexadecimal.

    Each field is its length in bytes as a decimal number, a colon, and its text in UTF-8; one that is NULL is `~`.
    """
    return sha256(b"".join(map(_field, (salt, ip, user_agent, reason)))).hexdigest()


def _field(value: str | None) -> bytes:
    text = (value or "").encode()
    return b"~" if value is None else b"%d:%s" % (len(text), text)


def _address() -> str | None:
    return request.remote_addr if has_request_context() else None


def _user_agent() -> str | None:
    if not has_request_context():
        return None
    # Whoever sends it chooses it: neither NUL, which no text column takes, nor what could forge lines in an export.
    return "".join(filter(str.isprintable, request.user_agent.string))[:MAX_USER_AGENT] or None
