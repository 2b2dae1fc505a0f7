"""Access tokens: flask-jwt-extended is the codec; keys, header and claims are pinned here."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog
from flask import Flask
from flask_jwt_extended import create_access_token, decode_token, get_unverified_jwt_headers
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import InvalidTokenError, PyJWTError

from core.actor import STAFF, Audience
from core.auth.errors import InvalidToken
from core.config import LONG_JWT_EXPIRATION, Settings
from core.crypto import derive_key
from core.extensions import jwt
from core.keyring import rings
from core.keyring.rings import Key

log = structlog.get_logger()
ISSUER = "tripfile"
AUDIENCES = MappingProxyType({"staff": "tripfile-staff", "portal": "tripfile-portal"})
"""The `aud` claim of each audience."""
ALGORITHM = "HS256"
TYPE = "at+jwt"
"""What the header calls an access token (RFC 9068), so that no other JWT passes for one."""
LEEWAY = timedelta(seconds=30)
"""How far the clocks of two machines may be apart."""
MAX_LENGTH = 16_384
_HEADER = frozenset({"alg", "typ", "kid"})
_KIND = "access"


class Claims(msgspec.Struct, frozen=True):
    """What every token must carry; one that lacks a claim is no token of ours."""

    sub: UUID
    sid: UUID
    agency: UUID
    jti: str
    exp: int
    iat: int
    iss: str
    aud: str
    type: str
    kid: UUID
    """The key it is signed with; from the header."""


_RESERVED = frozenset({*Claims.__struct_fields__, "nbf", "fresh"})


class _Bearer(msgspec.Struct, frozen=True):
    """Whom a token is for, and what signs it: flask-jwt-extended hands it to its loaders."""

    user_id: UUID
    audience: Audience
    key: Key


def install(app: Flask, settings: Settings) -> None:
    """Configure the codec: one algorithm, short tokens, pinned issuer; the keys come from the ring of each use."""
    app.config.update(
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ACCESS_TOKEN_EXPIRES=settings.jwt_expiration,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_NBF=False,
        # Cookies are ours, and so is what guards them.
        JWT_COOKIE_CSRF_PROTECT=False,
        # Which of them it must be is for `verify` to say.
        JWT_DECODE_AUDIENCE=[*AUDIENCES.values()],
        JWT_DECODE_LEEWAY=LEEWAY,
    )
    jwt.init_app(app)
    if settings.jwt_expiration > LONG_JWT_EXPIRATION:
        log.warning("auth.long_access_tokens", seconds=int(settings.jwt_expiration.total_seconds()))


def make(
    *,
    user_id: UUID,
    session_id: UUID,
    agency_id: UUID,
    extra: dict[str, Any],
    audience: Audience = STAFF,
    lasting: timedelta | None = None,
) -> str:
    """A token for the API, which lasts JWT_EXPIRATION where nothing is said. `extra` claims cannot replace ours."""
    key = rings.ring(rings.TOKENS).settled()
    pinned = {
        "sid": str(session_id),
        "agency": str(agency_id),
        "aud": AUDIENCES[audience],
        "jti": str(uuid4()),
    }
    added = {name: value for name, value in extra.items() if name not in _RESERVED}
    token: str = create_access_token(
        _Bearer(user_id, audience, key),
        expires_delta=lasting,
        additional_claims={**added, **pinned},
        additional_headers={"typ": TYPE, "kid": str(key.id)},
    )
    return token


def verify(token: str, *, audience: Audience = STAFF) -> Claims:
    """The claims of an access token for an audience. Raises InvalidToken for every fault alike."""
    if len(token) > MAX_LENGTH:
        raise InvalidToken
    try:
        kid = _kid(get_unverified_jwt_headers(token))
        claims = msgspec.convert({**decode_token(token), "kid": kid}, Claims)
    except (PyJWTError, JWTExtendedException, msgspec.ValidationError):
        raise InvalidToken from None
    except (ValueError, TypeError, KeyError, OverflowError):
        # What a stranger wrote between the dots, where the codec itself does not look closely.
        raise InvalidToken from None
    if claims.aud != AUDIENCES[audience]:
        raise InvalidToken
    return claims


def _kid(header: dict[str, Any]) -> UUID:
    """The key a header names. One that says anything else, as `jku`, `jwk` or `crit`, is no header of ours."""
    if header.keys() != _HEADER or header["typ"] != TYPE:
        raise InvalidTokenError("Not the header of an access token")
    return UUID(header["kid"])


@jwt.user_identity_loader
def _subject(bearer: _Bearer) -> str:
    return str(bearer.user_id)


@jwt.encode_key_loader
def _signing_key(bearer: _Bearer) -> bytes:
    return _derived(bearer.key.secret, bearer.audience)


@jwt.decode_key_loader
def _verifying_key(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    """The key a token must be signed with, if it is what it says: another audience has another one."""
    key = rings.ring(rings.TOKENS).find(_kid(header))
    audience = next((name for name, spelled in AUDIENCES.items() if spelled == claims.get("aud")), None)
    # The codec takes a token without a type for an access token.
    if key is None or audience is None or claims.get("type") != _KIND:
        raise InvalidTokenError("No key of ours verifies this")
    return _derived(key.secret, audience)


@lru_cache(maxsize=64)
def _derived(secret: bytes, audience: str) -> bytes:
    return derive_key(secret, purpose=f"access tokens: {audience}")
