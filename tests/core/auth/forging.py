"""Access tokens as somebody might make them who knows how they are made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt

from core.auth.tokens import access
from core.http.application import Application
from core.keyring import rings


def claims_of(token: str) -> dict[str, Any]:
    """What a token claims, whoever signed it."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def header_of(token: str) -> dict[str, Any]:
    """What its header says."""
    return jwt.get_unverified_header(token)


def encoded(part: Any) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def key_of(app: Application, audience: str = "staff") -> bytes:
    """The key that tokens for an audience are signed with."""
    with app.app_context():
        return access._derived(rings.ring(rings.TOKENS).settled().secret, audience)


def genuine_header(app: Application) -> dict[str, Any]:
    """The header of our own tokens."""
    with app.app_context():
        return {"alg": "HS256", "typ": "at+jwt", "kid": str(rings.ring(rings.TOKENS).settled().id)}


def forged(
    app: Application,
    claims: Any,
    *,
    key: bytes | None = None,
    header: dict[str, Any] | None = None,
    hashed_with: str = "sha256",
) -> str:
    """A token with these claims, signed as ours are unless told otherwise; PyJWT itself refuses to make some."""
    text = f"{encoded(genuine_header(app) | (header or {}))}.{encoded(claims)}"
    signature = hmac.digest(key_of(app) if key is None else key, text.encode(), getattr(hashlib, hashed_with))
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
