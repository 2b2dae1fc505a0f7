"""Password hashing with argon2id, in the bounded lane, behind a pepper where the operator has set one."""

from __future__ import annotations

import base64
import re
import unicodedata

import structlog
from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

from core import native
from core.config import Settings
from core.crypto import keyed_digest
from core.extensions import settings
from core.native import in_lane

log = structlog.get_logger()
_BUSY = "Too many sign-ins at once"
_PEPPERED = re.compile(r"p(\d+)(\$.*)", re.DOTALL)
"""`p2$argon2id$...`: peppered with the second version."""


def hasher(settings: Settings) -> PasswordHasher:
    """argon2id with the configured cost (OWASP minimum by default: 19 MiB, two passes, one lane)."""
    return PasswordHasher(
        time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib, parallelism=1, type=Type.ID
    )


def hash_password(password: str) -> str:
    """What to store: a PHC string, after the version of the pepper where there is one."""
    present = settings()
    use, peppers = hasher(present), present.peppers
    version = next(iter(peppers), 0)
    secret = _secret(password, peppers.get(version))
    made = in_lane(lambda: use.hash(secret), busy=_BUSY)
    return f"p{version}{made}" if version else made


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the right one. An unknown user (None) costs as much time as a known one."""
    present = settings()
    use = hasher(present)
    version, phc = _parts(stored)
    if version and version not in present.peppers:
        log.error("passwords.pepper_missing", version=version)
        phc = None
    secret = _secret(password, present.peppers.get(version))
    decoys: dict[str, str] = current_app.extensions.setdefault("tripfile.decoy_hashes", {})
    try:
        in_lane(lambda: use.verify(phc or _decoy(use, decoys), secret), busy=_BUSY)
    except (Argon2Error, InvalidHashError):
        return False
    return phc is not None


def require_room() -> None:
    """Raise Unavailable where so many sign in that this one could not be looked at."""
    native.require_room(busy=_BUSY)


def outdated(stored: str) -> bool:
    """Whether the hash was made with another cost or pepper than those configured now."""
    present = settings()
    version, phc = _parts(stored)
    return version != next(iter(present.peppers), 0) or hasher(present).check_needs_rehash(phc or "")


def normal(password: str) -> str:
    """A password in the form that is hashed and measured: the same letters typed on another machine are the same."""
    return unicodedata.normalize("NFKC", password)


def _secret(password: str, pepper: bytes | None) -> bytes:
    plain = normal(password).encode("utf-8", "surrogatepass")
    return plain if pepper is None else base64.b64encode(keyed_digest(pepper, plain))


def _parts(stored: str | None) -> tuple[int, str | None]:
    found = _PEPPERED.fullmatch(stored or "")
    return (int(found[1]), found[2]) if found else (0, stored)


def _decoy(use: PasswordHasher, made: dict[str, str]) -> str:
    """A hash that costs as much as a real one; the first one is made in the lane, where `current_app` is not."""
    key = f"{use.time_cost}:{use.memory_cost}"
    if key not in made:
        made[key] = use.hash("nobody's password")
    return made[key]
