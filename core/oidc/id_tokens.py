"""Reading an ID token: whose signature it has, for whom, when, and in answer to which sign-in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from core import clock
from core.auth import api as auth
from core.fields import Email
from core.oidc.discovery import ALGORITHMS, Directory, Key, Keys, Metadata
from core.oidc.errors import SignInRefused

LEEWAY = 30
"""Seconds by which the provider's clock may differ from ours."""
_MAX_BYTES = 16_384
_SECOND_FACTOR = frozenset({"mfa", "otp", "hwk", "sc", "fpt", "face", "iris", "retina", "vbm", "pop", "sms"})
"""Words of `amr` (RFC 8176) that name more than something one knows."""
_STRONG = frozenset({"phr", "phrh", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"})
"""Values of `acr` that stand for more than one factor (OpenID EAP ACR Values 1.0, PAPE 1.0)."""


class Vouched(msgspec.Struct, frozen=True):
    """What a provider says of a person."""

    subject: str
    email: str | None
    """In lower case; None where it does not say that it has verified one, or what it says is none."""
    name: str | None
    proven_at: datetime | None
    """When the person proved to the provider who they are, if it tells."""
    two_factors: bool


def verified(
    token: str,
    *,
    directory: Directory,
    metadata: Metadata,
    client_id: str,
    nonce: str,
    access_token: str,
) -> dict[str, Any]:
    """The claims of a token. Raises SignInRefused with the reason, ProviderDown, ProviderBroken."""
    header = _header(token)
    keys = _candidates(header, directory, metadata)
    try:
        signed = _signed(token, keys)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": metadata.issuer},
                "aud": {"essential": True, "value": client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": client_id, "access_token": access_token},
        )
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        # Whatever a library makes of what a stranger may have written.
        raise SignInRefused(f"id_token: {type(error).__name__}: {error}"[:200]) from None
    _check_age(claims)
    return dict(claims)


def vouched(claims: Mapping[str, Any]) -> Vouched:
    """What the claims say of the person. Raises SignInRefused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise SignInRefused("id_token: sub is no subject")
    email, name, auth_time = claims.get("email"), claims.get("name"), claims.get("auth_time")
    # True and nothing like it: some providers send text, and "false" is no empty text.
    is_verified = claims.get("email_verified") is True and isinstance(email, str)
    return Vouched(
        subject=subject,
        email=_address(email) if is_verified and isinstance(email, str) else None,
        name=name.strip()[:200] if isinstance(name, str) and name.strip().isprintable() else None,
        proven_at=_instant(auth_time),
        two_factors=_has_two_factors(claims.get("amr")) or str(claims.get("acr")) in _STRONG,
    )


def _address(email: str) -> str | None:
    """An address as every other one that comes in; None for what letters cannot be sent to."""
    plain = auth.plain(email)
    try:
        return msgspec.convert(plain, Email) if plain.isprintable() else None
    except msgspec.ValidationError:
        return None


def _header(token: str) -> dict[str, Any]:
    """The header, before anything in it can be believed. Raises SignInRefused."""
    first = token.partition(".")[0]
    try:
        if len(token) > _MAX_BYTES:
            raise ValueError("too long")
        found = msgspec.json.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
        algorithm, kid = found["alg"], found.get("kid")
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, msgspec.DecodeError):
        raise SignInRefused("id_token: it has no readable header") from None
    if algorithm not in ALGORITHMS:
        raise SignInRefused(f"id_token: signed with {algorithm!r}"[:80])
    if kid is not None and not isinstance(kid, str):
        raise SignInRefused("id_token: kid is no text")
    return {"alg": algorithm, "kid": kid}


def _candidates(header: Mapping[str, Any], directory: Directory, metadata: Metadata) -> list[Key]:
    """The keys that may have signed it. Their kind decides the algorithm as much as the header does."""
    found = _fitting(directory.keys(metadata), header) or _fitting(directory.newer_keys(metadata), header)
    if not found:
        raise SignInRefused("id_token: signed with a key that is none of the provider's")
    return found


def _fitting(keys: Keys, header: Mapping[str, Any]) -> list[Key]:
    kind = "EC" if header["alg"].startswith("ES") else "RSA"
    return [key for key in keys.find(header["kid"]) if key.key_type == kind and key.alg in (None, header["alg"])]


def _signed(token: str, keys: list[Key]) -> jwt.Token:
    failed: JoseError | None = None
    for key in keys[:3]:
        try:
            return jwt.decode(token, key, algorithms=list(ALGORITHMS))
        except JoseError as error:
            failed = error
    assert failed is not None
    raise failed


def _check_age(claims: Mapping[str, Any]) -> None:
    # Ten minutes for the sign-in and the difference of the clocks; `iat` is a number, as was checked.
    age = clock.now().timestamp() - claims["iat"]
    if age > 600 + LEEWAY:
        raise SignInRefused("id_token: issued before the sign-in began")


def _instant(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # A time to come would be a proof that holds longer than any other.
    return min(found, clock.now())


def _has_two_factors(amr: Any) -> bool:
    words = {word for word in amr if isinstance(word, str)} if isinstance(amr, list) else set()
    return "mfa" in words or ("pwd" in words and bool(words & _SECOND_FACTOR))
