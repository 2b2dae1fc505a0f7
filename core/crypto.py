"""Key derivation, keyed digests and constant-time comparison."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


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
