"""Secrets that are none: too guessable, copied from an example, or the database's own."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from core.config import Settings

LEAST_BITS = 80
"""Bits a secret must seem to have; 128 of them, written in hexadecimal, may seem to be as few as 90."""
LEAST_PASSWORD_BITS = 40
LEAST_DATABASE_PASSWORD = 12
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
# Of 32 characters one in ten million has no capital; a sentence without blanks usually has none.
_BASE64 = re.compile(r"(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_+/-]{22,}={0,2}")
# Words that somebody wrote who meant to put something else there. None is so short that it turns up by chance.
_PLACEHOLDER = re.compile(
    r"change.{0,2}me|replace.{0,2}(me|this)|your.{0,2}secret|secret.{0,2}key|super.{0,2}secret|passw(or)?d|example"
    r"|placeholder|insecure|default|tripfile|only.{0,2}tests?|letmein|qwerty|12345678|abcdefgh",
    re.IGNORECASE,
)
_GUESSED = frozenset(
    {"postgres", "postgresql", "password", "passwd", "root", "admin", "secret", "app", "owner", "system"}
)
_GIVEN = ("smtp_password", "files_s3_secret_key")
"""Secrets that somebody else makes, in a shape of their own."""
_DATABASES = ("database_url", "database_owner_url", "database_system_url", "database_direct_url")


def problems(settings: Settings) -> list[str]:
    """Every secret that somebody could guess, one sentence each; none of them says what it is."""
    found = []
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    if secret is not None and (reason := weakness(secret)):
        found.append(f"JWT_SECRET {reason}: use what `openssl rand -hex 32` prints")
    for key in _DATABASES:
        url = getattr(settings, key)
        if url is not None and (reason := _weak_password(url.get_secret_value())):
            found.append(f"{key.upper()} {reason}: `tripfile db roles` makes roles with passwords of their own")
    if any(weakness(each.decode()) for each in settings.peppers.values()):
        found.append("PASSWORD_PEPPER holds one that could be guessed: use what `openssl rand -hex 32` prints")
    if settings.redis_password and (reason := _guessable(settings.redis_password.get_secret_value())):
        found.append(f"REDIS_PASSWORD {reason}: use what `openssl rand -hex 32` prints")
    for key in _GIVEN:
        given = getattr(settings, key)
        if given is not None and _is_tried_first(given.get_secret_value()):
            found.append(f"{key.upper()} is what everybody tries first: ask its provider for another one")
    return found


def weakness(secret: str) -> str | None:
    """What is wrong with a secret that should have been drawn at random, or None."""
    if _PLACEHOLDER.search(secret):
        return "looks like an example"
    if not (_HEX.fullmatch(secret) or _BASE64.fullmatch(secret)):
        return "was not drawn at random"
    return "is too easy to guess" if bits(secret) < LEAST_BITS else None


def _guessable(password: str) -> str | None:
    if _PLACEHOLDER.search(password):
        return "looks like an example"
    return "is too easy to guess" if bits(password) < LEAST_PASSWORD_BITS else None


def _is_tried_first(password: str) -> bool:
    return password.lower() in _GUESSED or _PLACEHOLDER.search(password) is not None


def bits(secret: str) -> float:
    """How much a text seems to hold, by how evenly its characters and pairs of characters are spread.

    An upper bound: what is random has at least as much, and what has little is not random.
    """
    return min(_spread(list(secret)), 2 * _spread([a + b for a, b in zip(secret[::2], secret[1::2], strict=False)]))


def _spread(pieces: list[str]) -> float:
    total = len(pieces)
    return -sum(count * math.log2(count / total) for count in Counter(pieces).values())


def _weak_password(url: str) -> str | None:
    """What is wrong with the password in an address. One without a password is let in by other means."""
    try:
        parts = urlsplit(url)
        user, password = unquote(parts.username or "").partition(".")[0], unquote(parts.password or "")
    except ValueError:
        # That it is no address is said elsewhere.
        return None
    if not password:
        return None
    if password.lower() == user.lower() or _is_tried_first(password):
        return "has a password that everybody tries first"
    return None if len(password) >= LEAST_DATABASE_PASSWORD else "has a password of less than 12 characters"
