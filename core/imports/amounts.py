"""Reads amounts as people write them: one mark stands before the cents, others part the thousands."""

from __future__ import annotations

import re
from types import MappingProxyType

_BLANKS = " \u00a0\u2009\u202f'\u2019"


class Unclear(ValueError):
    """It is an amount by either mark, and not the same one."""


def read(text: str, mark: str) -> str | None:
    """An amount as programs write it, by the mark before its cents; None where it is none. Raises Unclear.

    `auto` takes the mark that an amount itself tells: `1.234,50`, `2500,75`, and neither of `1.234` and `1,234`.
    """
    if mark != "auto":
        return _by(text, mark)
    found = {amount for amount in (_by(text, each) for each in _WRITTEN) if amount is not None}
    if len(found) > 1:
        raise Unclear
    return next(iter(found), None)


def _by(text: str, mark: str) -> str | None:
    written = _WRITTEN[mark].fullmatch(text)
    if written is None:
        return None
    # Whatever stands between the digits parts them into groups, which count for nothing.
    whole = "".join(filter(str.isdigit, written["whole"]))
    sign = "-" if written["sign"] == "-" else ""
    return f"{sign}{whole}.{written['cents']}" if written["cents"] else f"{sign}{whole}"


def _pattern(mark: str, other: str) -> re.Pattern[str]:
    # A group has three digits, or it is none: `2500,75` is no 250075. India parts lakhs and crores, by commas.
    threes = rf"[1-9]\d{{0,2}}(?:(?P<parted>[{_BLANKS}{other}])\d{{3}})(?:(?P=parted)\d{{3}}){{0,8}}"
    twos = r"|[1-9]\d?(?:,\d{2}){1,9},\d{3}" if other == "," else ""
    whole = rf"(?P<whole>\d{{1,30}}|{threes}{twos})"
    return re.compile(rf"(?P<sign>[+-]?)[{_BLANKS}]?{whole}(?:{re.escape(mark)}(?P<cents>\d{{1,20}}))?", re.ASCII)


_WRITTEN = MappingProxyType({".": _pattern(".", ","), ",": _pattern(",", ".")})
