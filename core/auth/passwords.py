"""Password hashing with argon2id, in the bounded lane, and the rules a new password must meet."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

from core.config import Settings
from core.errors import Fault, Invalid
from core.native import in_lane

MIN_LENGTH = 15
"""NIST SP 800-63B-4, section 3.1.1.2, where the password is the only factor."""
MAX_LENGTH = 256
_BUSY = "Too many sign-ins at once"


def hasher(settings: Settings) -> PasswordHasher:
    """argon2id with the configured cost (OWASP minimum by default: 19 MiB, two passes, one lane)."""
    return PasswordHasher(
        time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1, type=Type.ID
    )


def _hasher() -> PasswordHasher:
    return hasher(current_app.extensions["tripfile.settings"])


def hash_password(password: str) -> str:
    """The PHC string to store."""
    normal, use = _normal(password), _hasher()
    return in_lane(lambda: use.hash(normal), busy=_BUSY)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the right one. An unknown user (None) costs as much time as a known one."""
    normal, use = _normal(password), _hasher()
    decoys: dict[str, str] = current_app.extensions.setdefault("tripfile.decoy_hashes", {})
    try:
        in_lane(lambda: use.verify(stored or _decoy(use, decoys), normal), busy=_BUSY)
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than those configured now."""
    return _hasher().check_needs_rehash(stored)


def check_rules(password: str, *, pointer: str = "/password") -> None:
    """Raise Invalid when a new password is too short or too long."""
    length = len(_normal(password))
    if length < MIN_LENGTH:
        raise Invalid(errors=[Fault(pointer, "too_short", f"Use at least {MIN_LENGTH} characters")])
    if length > MAX_LENGTH:
        raise Invalid(errors=[Fault(pointer, "too_long", f"Use at most {MAX_LENGTH} characters")])


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _decoy(use: PasswordHasher, made: dict[str, str]) -> str:
    """A hash that costs as much as a real one; the first one is made in the lane, where `current_app` is not."""
    key = f"{use.time_cost}:{use.memory_cost}"
    if key not in made:
        made[key] = use.hash("nobody's password")
    return made[key]
