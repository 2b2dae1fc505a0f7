"""Passwords everybody tries first: a packed list of common ones, and how little is left of a decorated one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

FILE = "common_passwords.bloom"
"""Made by `.ci/common_passwords.py`; NOTICE names where its words come from."""
LEAST_WORTH = 5
"""How many letters must not simply follow from the one before: `aaaaaaaa` and `12345678` have one each."""
LEAST_LEFT = 8
"""How much of that must be left without the words that stand for the person, the agency or the product."""
_SHORTEST_WORD = 4
_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_NEIGHBOURS = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))
_LEET = str.maketrans("@4831!0$57", "aabeiiosst")
_BETWEEN = re.compile(r"[\s._+*/-]+")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Bloom:
    """A set that may claim to hold a word it does not, rarely, and never misses one it holds."""

    def __init__(self, packed: bytes) -> None:
        self._hashes = packed[0]
        self._bits = packed[1:]

    @classmethod
    def sized(cls, size: int, hashes: int) -> Bloom:
        """An empty one of so many bytes."""
        return cls(bytes([hashes]) + bytes(size - 1))

    def __contains__(self, word: str) -> bool:
        return all(self._bits[place >> 3] & (1 << (place & 7)) for place in self._places(word))

    def holding(self, words: Iterator[str]) -> bytes:
        """The packed form with more words in it."""
        bits = bytearray(self._bits)
        for word in words:
            for place in self._places(word):
                bits[place >> 3] |= 1 << (place & 7)
        return bytes([self._hashes]) + bytes(bits)

    def _places(self, word: str) -> Iterator[int]:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        first, step = int.from_bytes(digest[:8]), int.from_bytes(digest[8:]) | 1
        return ((first + number * step) % (len(self._bits) * 8) for number in range(self._hashes))


@lru_cache(maxsize=1)
def common() -> Bloom:
    """The common passwords, read at the first question."""
    return Bloom(files("core.auth.passwords").joinpath(FILE).read_bytes())


def is_common(password: str) -> bool:
    """Whether it is a common password, or one that is only repeated, spaced out or decorated at its ends."""
    listed = common()
    return any(form in listed for form in _forms(folded(password)))


def is_plain(password: str) -> bool:
    """Whether nearly every letter follows from the one before it, or it is a short word over and over."""
    whole = _BETWEEN.sub("", folded(password))
    unit = _unit(whole)
    return worth(unit) < (LEAST_WORTH if unit == whole else LEAST_LEFT)


def says_only(password: str, words: frozenset[str]) -> bool:
    """Whether too little is left of a password without words that somebody who knows the person would try."""
    left = folded(password)
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, " ")
    return left != folded(password) and worth(_BETWEEN.sub("", left)) < LEAST_LEFT


def words_of(*texts: str) -> frozenset[str]:
    """The words in names and addresses, whole and in their parts, that are long enough to matter."""
    whole = [folded(text) for text in texts]
    parts = [part for text in whole for part in re.split(r"[\W_]+", text)]
    joined = [_BETWEEN.sub("", text) for text in whole]
    return frozenset(word for word in (*whole, *parts, *joined) if len(word) >= _SHORTEST_WORD)


def folded(text: str) -> str:
    """A text without the difference between capitals and small letters."""
    return text.casefold().strip()


def worth(text: str) -> int:
    """How many letters do not simply follow from the one before: equal, or its neighbour in a row of keys."""
    fresh = (one != two and (one, two) not in _NEIGHBOURS for one, two in pairwise(text))
    return min(len(text), 1) + sum(fresh)


def _forms(text: str) -> Iterator[str]:
    yield text
    squashed = _BETWEEN.sub("", text)
    core = _EDGES.sub("", squashed)
    # Digits and signs at the ends are how everybody decorates a word; more than a few may be a secret of their own.
    bare = core if worth(squashed.replace(core, "", 1)) <= LEAST_WORTH else squashed
    for form in dict.fromkeys((squashed, bare, _unit(squashed), _unit(bare))):
        yield form
        yield form.translate(_LEET)


def _unit(text: str) -> str:
    """What a text repeats: `abab` and `ababa` are `ab`."""
    for size in range(1, len(text) // 2 + 1):
        if (text[:size] * (len(text) // size + 1))[: len(text)] == text:
            return text[:size]
    return text
