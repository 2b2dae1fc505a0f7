"""Payloads that no honest client sends."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

HOLE = "\N{WHITE SQUARE}"
# JSON texts of values that are valid nowhere, whatever the field.
POISON = {
    "NUL": r'"\u0000"',
    "NUL inside": r'"Ana\u0000Duarte"',
    "lone surrogate": r'"\ud800"',
    "surrogates in the wrong order": r'"\udc00\ud800"',
    "NaN": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "float beyond double": "1e400",
    "2^80": str(2**80),
    "-2^80": str(-(2**80)),
    "5000 digits": "9" * 5000,
    "5000 decimals": "1." + "9" * 5000,
    "long exponent": "1e" + "9" * 5000,
}
# Values of unexpected types and sizes: refused nearly everywhere, and never a reason to fall over.
ODD = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus one": "-1",
    "2^63": str(2**63),
    "empty list": "[]",
    "list of null": "[null]",
    "empty object": "{}",
    "object": '{"a": {"b": [1, 2, 3]}}',
    "empty text": '""',
    "blank": '" "',
    "20000 letters": json.dumps("x" * 20_000),
    "right to left": r'"\u202eabc\u0007"',
    "emoji": r'"\ud83d\ude0d"',
    "uuid of nobody": '"00000000-0000-0000-0000-000000000000"',
    "instant without offset": '"2027-05-14T09:30:00"',
    "year 9999": '"9999-12-31T23:59:59-12:00"',
    "decimal text": '"1e999999"',
}
# Whole bodies, with the status each is refused with.
MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "one brace": b"{",
    "no value": b'{"name":}',
    "cut off": b'{"name": "An',
    "single quotes": b"{'name': 'Ana'}",
    "trailing comma": b'{"name": "Ana",}',
    "two documents": b"{} {}",
    "comment": b"{} // nothing",
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-16": '{"name": "Ana"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "Ana"}',
    "raw control character": b'{"name": "A\x01na"}',
    "5000 digits": b"9" * 5000,
    "NaN": b"NaN",
    "lists 100000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a list": b"[]",
    "a text": b'"name"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
}

QUESTIONS = (
    *(f"limit={limit}" for limit in ("0", "-1", "1000000000", "1e9", str(2**80), "9" * 5000, "ten", "")),
    *(f"cursor={cursor}" for cursor in ("", "x", "%00", "%ff", "A" * 2048, "A" * 3000, "eyJ9")),
    *(f"sort={sort}" for sort in ("nothing", "", "id;drop", "--created_at", "created_at,id")),
    *(f"{name}=1" for name in ("nothing", "agency_id", "__class__", "created_at.like", "%00", "%ff", "count")),
    "limit=1&limit=2",
    "&".join(f"p{number}=1" for number in range(1500)),
    "&".join(f"p{number}=1" for number in range(10_000)),
)
"""Query strings that no list takes."""


class Endless:
    """A body that never ends, and counts how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """As much as is asked for."""
        given = size if 0 <= size < 65_536 else 65_536
        self.taken += given
        return b" " * given

    def readline(self, size: int = -1) -> bytes:
        """The line never ends either."""
        return self.read(size)

    def close(self) -> None:
        """There is nothing to close."""


def poisoned(body: Any, poison: str) -> Iterator[tuple[str, bytes]]:
    """The body with the poison in the place of each of its values in turn, and where that was."""
    for path in _paths(body):
        spoilt = copy.deepcopy(body)
        parent = spoilt
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = HOLE
        text = json.dumps(spoilt, ensure_ascii=False).replace(json.dumps(HOLE, ensure_ascii=False), poison)
        yield "/".join(map(str, path)), text.encode()


def named(body: dict[str, Any], name: str) -> bytes:
    """The body with one more field, whose name is given as JSON text."""
    inside = json.dumps(body)[1:-1]
    return f"{{{inside}{', ' if inside else ''}{name}: 1}}".encode()


def repeated(body: dict[str, Any]) -> bytes:
    """The body with its first field twice."""
    name, value = next(iter(body.items()), ("name", "Ana"))
    return f"{{{json.dumps(name)}: {json.dumps(value)}, {json.dumps(body)[1:]}".encode()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in steps:
        yield (*path, step)
        yield from _paths(member, (*path, step))
