"""Refresh tokens: a session and a counter under a signature; the database keeps the counter, and nothing to steal."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from functools import lru_cache
from uuid import UUID

import msgspec

from core.actor import STAFF, Audience
from core.auth.errors import InvalidToken
from core.crypto import derive_key, equal, keyed_digest
from core.keyring import rings
from core.keyring.rings import TOKENS

PREFIX = "tfr_"
"""Lets scanners for leaked secrets know one when they see it."""
_VERSION = 1
_SAID = struct.Struct(">B16s16sI")
"""Version, id of the key, id of the session, counter."""
_TAG_BYTES = 16
_SUM = struct.Struct(">I")
_LENGTH = _SAID.size + _TAG_BYTES + _SUM.size


class RefreshToken(msgspec.Struct, frozen=True):
    """What a genuine one says."""

    session_id: UUID
    counter: int


def make(session_id: UUID, *, counter: int, audience: Audience = STAFF) -> str:
    """The refresh token of a session for one value of its counter: always the same one, while the key is."""
    key = rings.ring(TOKENS).settled()
    said = _SAID.pack(_VERSION, key.id.bytes, session_id.bytes, counter)
    signed = said + _tag(key.secret, session_id, said, audience)
    return PREFIX + base64.urlsafe_b64encode(signed + _sum(signed)).decode()


def read(token: str, *, audience: Audience = STAFF) -> RefreshToken:
    """What a token says. Raises InvalidToken for one that is not ours, without asking the database about it."""
    raw = _bytes(token)
    said, tag, checksum = raw[: _SAID.size], raw[_SAID.size : -_SUM.size], raw[-_SUM.size :]
    # No secret is in the checksum: it only tells what was cut off or mistyped from what was forged.
    if len(raw) != _LENGTH or checksum != _sum(said + tag):
        raise InvalidToken
    version, kid, sid, counter = _SAID.unpack(said)
    session_id = UUID(bytes=sid)
    key = rings.ring(TOKENS).find(UUID(bytes=kid)) if version == _VERSION else None
    if key is None or not equal(tag, _tag(key.secret, session_id, said, audience)):
        raise InvalidToken
    return RefreshToken(session_id, counter)


def _bytes(token: str) -> bytes:
    if not token.startswith(PREFIX):
        raise InvalidToken
    try:
        return base64.b64decode(token.removeprefix(PREFIX), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise InvalidToken from None


def _tag(secret: bytes, session_id: UUID, said: bytes, audience: str) -> bytes:
    """HMAC-SHA256, cut to 128 bits, under a key of the session's own."""
    of_session = keyed_digest(_derived(secret, audience), session_id.bytes)
    return keyed_digest(of_session, said)[:_TAG_BYTES]


def _sum(signed: bytes) -> bytes:
    return _SUM.pack(zlib.crc32(signed))


@lru_cache(maxsize=64)
def _derived(secret: bytes, audience: str) -> bytes:
    return derive_key(secret, purpose=f"refresh tokens: {audience}")
