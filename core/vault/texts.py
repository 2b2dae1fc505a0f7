"""Sealed texts: what a person's data key has made of words, bound to the one place where they stand."""

from __future__ import annotations

import base64
import binascii

from core.crypto import Unreadable, seal, unseal
from core.vault.errors import Erased
from core.vault.keys import Key

_FORM = "1"
"""`<form>.<data key in hexadecimal>.<base64 of nonce, ciphertext and tag>`."""


def sealed(plain: str, *, key: Key, place: bytes) -> str:
    """Words as they are stored."""
    raw = seal(key.secret, plain.encode(), place=place)
    return f"{_FORM}.{key.id.hex}.{base64.b64encode(raw).decode()}"


def is_sealed_with(text: str, key: Key) -> bool:
    """Whether a stored text was sealed with a key."""
    return text.startswith(f"{_FORM}.{key.id.hex}.")


def opened(text: str, *, key: Key, place: bytes) -> str:
    """The words of a stored text. Raises Erased where another key sealed it, Unreadable."""
    form, _, rest = text.partition(".")
    key_id, _, encoded = rest.partition(".")
    if form != _FORM:
        raise Unreadable("It was sealed in a form that is not known here")
    if key_id != key.id.hex:
        raise Erased("It was sealed with a key that is gone")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Unreadable("It is no sealed text") from error
    return unseal(key.secret, raw, place=place).decode()
