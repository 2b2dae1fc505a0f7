"""What a new password must be: long enough, not one that everybody tries, and not found where attackers look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from core.auth.passwords import blocklist, breaches
from core.auth.passwords.hashing import normal
from core.errors import Fault, Invalid

ALONE = 15
"""The fewest characters where the password is the only factor (NIST SP 800-63B-4, section 3.1.1.2)."""
WITH_FACTOR = 8
"""The fewest where a second factor is asked for as well."""
MAX_LENGTH = 256
_PRODUCT = "tripfile"

NewPassword = Annotated[
    str,
    Meta(
        max_length=MAX_LENGTH,
        description=(
            f"At least {ALONE} characters ({WITH_FACTOR} for somebody with a second factor) and at most {MAX_LENGTH}:"
            " any characters in any mixture, counted after Unicode normalisation (NFKC). Refused are common passwords,"
            " those made of your own name, address or agency, and those known from breaches."
        ),
        examples=["a long and quiet passphrase"],
        extra_json_schema={"minLength": WITH_FACTOR},
    ),
]
"""A password to be set, on the wire."""


def check_rules(
    password: str, *, pointer: str = "/password", minimum: int = ALONE, about: tuple[str, ...] = ()
) -> None:
    """Raise Invalid with everything that is wrong with a new password.

    `about` are the names and addresses of the person and their agencies.
    """
    faults = list(_faults(normal(password), pointer, minimum, about))
    if not faults and breaches.knows(password):
        faults.append(Fault(pointer, "breached", "This password is known from a breach elsewhere; choose another"))
    if faults:
        raise Invalid(errors=faults)


def is_long(password: str) -> bool:
    """Whether a password would do without a second factor."""
    return len(normal(password)) >= ALONE


def _faults(password: str, pointer: str, minimum: int, about: tuple[str, ...]) -> Iterator[Fault]:
    if len(password) > MAX_LENGTH:
        yield Fault(pointer, "too_long", f"Use at most {MAX_LENGTH} characters")
        # Whatever else it is, nobody should compute over it.
        return
    is_short = len(password) < minimum
    if is_short:
        yield Fault(pointer, "too_short", f"Use at least {minimum} characters")
    # Of a few letters there is little to say but that they are few.
    if not is_short and blocklist.is_plain(password):
        yield Fault(pointer, "too_plain", "Nearly all of it is one run or repetition; choose something less regular")
    elif blocklist.is_common(password):
        yield Fault(pointer, "too_common", "This is one of the passwords that attackers try first; choose another")
    elif blocklist.says_only(password, blocklist.words_of(_PRODUCT, *about)):
        yield Fault(pointer, "too_personal", "Little is left of it without names that others know; choose another")
