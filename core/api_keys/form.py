"""How an API key is spelled: `tripfile_<live|test>_<id>_<secret><checksum>`, so that scanners find it."""

from __future__ import annotations

import re
import secrets
import zlib
from typing import Literal
from uuid import UUID

from core.config import Settings

Environment = Literal["live", "test"]
START = "tripfile_"
PATTERN = re.compile(r"tripfile_(live|test)_[0-9A-Za-z]{22}_[0-9A-Za-z]{39}")
"""What secret scanners look for; docs/api-keys.md tells it."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# In base 62: the id of the key's row, 192 random bits, and the CRC-32 of everything before it.
_ID_LENGTH, _SECRET_LENGTH, _CHECKSUM_LENGTH = 22, 33, 6
_SECRET_BITS = 192


def environment(settings: Settings) -> Environment:
    """The word that keeps keys of a trial installation from being taken for keys of the real one."""
    return "live" if settings.production else "test"


def make(key_id: UUID, *, within: Environment) -> str:
    """A new key with a secret of its own."""
    secret = _base62(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    text = f"{prefix(key_id, within=within)}_{secret}"
    return text + _checksum(text)


def prefix(key_id: UUID, *, within: Environment) -> str:
    """What people may see of a key: its beginning, with the id."""
    return f"{START}{within}_{_base62(key_id.int, _ID_LENGTH)}"


def id_of(text: str, *, within: Environment) -> UUID | None:
    """Which key a text claims to be; None for one that cannot be a key of this installation."""
    if not PATTERN.fullmatch(text) or not text.startswith(f"{START}{within}_"):
        return None
    if _checksum(text[:-_CHECKSUM_LENGTH]) != text[-_CHECKSUM_LENGTH:]:
        return None
    number = _number(text.split("_")[2])
    return UUID(int=number) if number < 2**128 else None


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _number(text: str) -> int:
    number = 0
    for character in text:
        number = number * 62 + _DIGITS.index(character)
    return number
