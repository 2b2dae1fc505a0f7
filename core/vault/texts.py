"""Sealed texts: what a person's data key has made of words, bound to the one place where they stand."""

from __future__ import annotations

from core import crypto
from core.crypto import Envelope, seal, unseal
from core.vault.errors import Erased
from core.vault.keys import Key

_FORM = "1"


def sealed(plain: str, *, key: Key, place: bytes) -> str:
    """Words as they are stored."""
    return str(Envelope(_FORM, key.id, seal(key.secret, plain.encode(), place=place)))


def is_sealed_with(text: str, key: Key) -> bool:
    """Whether a stored text was sealed with a key."""
    return text.startswith(crypto.prefix_of(_FORM, key.id))


def opened(text: str, *, key: Key, place: bytes) -> str:
    """The words of a stored text. Raises Erased where another key sealed it, Unreadable."""
    found = Envelope.read(text, form=_FORM)
    if found.key_id != key.id:
        raise Erased("It was sealed with a key that is gone")
    return unseal(key.secret, found.sealed, place=place).decode()
