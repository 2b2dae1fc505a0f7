"""Key derivation, keyed digests, authenticated encryption and constant-time comparison."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import NamedTuple, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORM = b"\x01"
"""How what is sealed is laid out: this byte, a nonce of 12, the ciphertext with its tag."""


class Unreadable(ValueError):
    """What is sealed was sealed with another key, for another place, or was changed."""


class Envelope(NamedTuple):
    """Sealed bytes as text, with the key they were sealed with: `<form>.<key in hexadecimal>.<base64>`."""

    form: str
    key_id: UUID
    sealed: bytes

    def __str__(self) -> str:
        return f"{prefix_of(self.form, self.key_id)}{base64.b64encode(self.sealed).decode()}"

    @classmethod
    def read(cls, text: str, *, form: str) -> Self:
        """The parts of a text. Raises Unreadable, as for another form."""
        found, _, rest = text.partition(".")
        if found != form:
            raise Unreadable("It was sealed in a form that is not known here")
        key_id, _, body = rest.partition(".")
        try:
            return cls(form, UUID(hex=key_id), base64.b64decode(body, validate=True))
        except (binascii.Error, ValueError) as error:
            raise Unreadable("It is no sealed text") from error


def prefix_of(form: str, key_id: UUID) -> str:
    """What every text begins with that was sealed with a key."""
    return f"{form}.{key_id.hex}."


def derive_key(secret: bytes, *, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=b"tripfile", info=purpose.encode()).derive(secret)


def keyed_digest(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes."""
    return hmac.digest(key, message, "sha256")


def equal(left: bytes, right: bytes) -> bool:
    """Compare without telling by the time taken where the two differ."""
    return hmac.compare_digest(left, right)


def digest(message: bytes) -> bytes:
    """SHA-256, 32 bytes: for high-entropy secrets and cache keys, never for passwords."""
    return hashlib.sha256(message).digest()


def seal(key: bytes, plain: bytes, *, place: bytes) -> bytes:
    """Encrypt with AES-256-GCM (NIST SP 800-38D). `place` says where it belongs, and is needed again to open it."""
    nonce = secrets.token_bytes(12)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, _FORM + place)


def unseal(key: bytes, sealed: bytes, *, place: bytes) -> bytes:
    """What was sealed. Raises Unreadable."""
    if sealed[:1] != _FORM:
        raise Unreadable("It was sealed in a form that is not known here")
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], _FORM + place)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("It was sealed with another key, for another place, or was changed") from error
