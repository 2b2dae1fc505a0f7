"""Access and refresh tokens: flask-jwt-extended is the codec, the pinned claims are ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import decode
from jwt.exceptions import PyJWTError

from core.auth.errors import InvalidToken
from core.config import Settings
from core.extensions import jwt

ISSUER = "tripfile"
AUDIENCE = "tripfile-staff"


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
    counter: int | None = None


def install(app: Flask, settings: Settings) -> None:
    """Configure the codec: HS256 with a derived key, short access tokens, pinned issuer and audience."""
    app.config.update(
        JWT_SECRET_KEY=settings.key_for("access and refresh tokens"),
        JWT_ALGORITHM="HS256",
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ACCESS_TOKEN_EXPIRES=settings.jwt_expiration,
        JWT_REFRESH_TOKEN_EXPIRES=settings.jwt_refresh_expiration,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_LEEWAY=timedelta(seconds=5),
    )
    jwt.init_app(app)


def access_token(*, user_id: UUID, session_id: UUID, agency_id: UUID, extra: dict[str, Any]) -> str:
    """A short-lived token for the API."""
    pinned = {"sid": str(session_id), "agency": str(agency_id)}
    token: str = create_access_token(identity=str(user_id), additional_claims={**extra, **pinned})
    return token


def refresh_token(*, user_id: UUID, session_id: UUID, agency_id: UUID, counter: int) -> str:
    """The token that buys the next pair, once: `counter` must equal the session's."""
    pinned = {"sid": str(session_id), "agency": str(agency_id), "counter": counter}
    token: str = create_refresh_token(identity=str(user_id), additional_claims=pinned)
    return token


def verify(token: str, *, kind: str) -> Claims:
    """The claims of a token of one kind (`access`, `refresh`). Raises InvalidToken for every fault alike."""
    try:
        # flask-jwt-extended takes a token without a type for an access token; what was signed decides.
        decoded, signed = decode_token(token), decode(token, options={"verify_signature": False})
        claims = msgspec.convert({**decoded, "type": signed.get("type")}, Claims)
    except (PyJWTError, JWTExtendedException, msgspec.ValidationError, ValueError, TypeError, KeyError):
        raise InvalidToken from None
    if claims.type != kind or (kind == "refresh" and claims.counter is None):
        raise InvalidToken
    return claims
