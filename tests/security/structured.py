"""A strict reader of structured header fields (RFC 9651): lists of strings with integer parameters, as limits need."""

from __future__ import annotations

import re
from typing import NamedTuple


class Member(NamedTuple):
    """A string and what is said of it."""

    name: str
    parameters: dict[str, int]


_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_COMMA = re.compile(r"[ \t]*,[ \t]*")


def read(field: str) -> list[Member]:
    """The members of a list. Raises ValueError for anything that is not well-formed."""
    members: list[Member] = []
    rest = field.strip(" ")
    while rest:
        name, rest = _take(_STRING, rest)
        parameters: dict[str, int] = {}
        while rest.startswith(";"):
            key, rest = _take(_KEY, rest[1:].lstrip(" "))
            if not rest.startswith("="):
                raise ValueError(f"{key} has no value")
            value, rest = _take(_INTEGER, rest[1:])
            parameters[key] = int(value)
        members.append(Member(name[1:-1].replace("\\", ""), parameters))
        if rest:
            _, rest = _take(_COMMA, rest)
            if not rest:
                raise ValueError("A comma ends the list")
    return members


def _take(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.match(text)
    if found is None:
        raise ValueError(f"Not well-formed at {text!r}")
    return found.group(), text[found.end() :]
