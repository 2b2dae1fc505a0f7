"""The types of an agency's own fields: what the wire says becomes what is stored, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from core.custom_fields.schemas import CustomChoice, Value
from core.errors import Fault, Invalid

Column = str
"""`text_value`, `number_value` or `day_value`."""
COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "text": "text_value",
        "choice": "text_value",
        "choices": "text_value",
        "number": "number_value",
        "boolean": "number_value",
        "date": "day_value",
    }
)
"""Where values of each type are stored."""
CHOOSING = frozenset({"choice", "choices"})
"""Types whose values are codes of choices."""
Stored = str | int | date
_DECIMAL = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?", re.ASCII)
_INT64 = range(-(2**63), 2**63)
_YES_OR_NO = {"true": True, "false": False}


class Definition(msgspec.Struct, frozen=True):
    """What a value has to be."""

    id: UUID
    entity: str
    key: str
    label: str
    kind: str
    description: str | None
    decimals: int
    max_length: int
    required: bool
    choices: list[CustomChoice]
    default: Value | None
    seen_by: str
    personal: bool


class Shown(NamedTuple):
    """One stored row as it is read to be shown."""

    key: str
    kind: str
    decimals: int
    text: str
    """Whatever it is, as PostgreSQL writes it."""


def read(definition: Definition, value: Value, *, pointer: str) -> list[Stored]:
    """What is stored of a value: one row, or one for each of several choices. Raises Invalid with every fault."""
    return _READERS[definition.kind](definition, value, pointer)


def read_word(definition: Definition, word: str, *, pointer: str) -> Stored:
    """What is stored of a single value that is written in an address. Raises Invalid."""
    if definition.kind == "boolean":
        if word not in _YES_OR_NO:
            raise _wrong(pointer, "type", "Expected true or false")
        return int(_YES_OR_NO[word])
    if definition.kind in CHOOSING:
        _refuse_strangers(definition, [word], pointer, retired=True)
        return word
    if definition.kind == "text":
        return word
    return read(definition, word, pointer=pointer)[0]


def show(rows: Iterable[Sequence[Any]]) -> dict[str, Value]:
    """The values of one thing by key, from its rows in their places."""
    found: dict[str, Any] = {}
    for row in rows:
        key, kind, decimals, text = row
        if kind == "choices":
            found.setdefault(key, []).append(text)
        else:
            found[key] = _show(kind, decimals, text)
    return found


def _show(kind: str, decimals: int, text: str) -> Value:
    if kind == "number":
        return format(Decimal(text).scaleb(-decimals), "f")
    return text == "1" if kind == "boolean" else text


def _text(definition: Definition, value: Value, pointer: str) -> list[Stored]:
    text = _string(value, pointer, "a text")
    if not text:
        raise _wrong(pointer, "length", "Send null to take the value away")
    if len(text) > definition.max_length:
        raise _wrong(pointer, "length", f"At most {definition.max_length} characters")
    return [text]


def _number(definition: Definition, value: Value, pointer: str) -> list[Stored]:
    text = _string(value, pointer, "a decimal number as text")
    if not _DECIMAL.fullmatch(text):
        raise _wrong(pointer, "format", "Expected a decimal number such as 2400.00")
    # Not `scaleb`: it rounds to the digits of the context.
    whole, _, digits = text.partition(".")
    digits = digits.rstrip("0")
    if len(digits) > definition.decimals:
        raise _wrong(pointer, "decimals", f"At most {definition.decimals} digits after the point")
    scaled = int(whole + digits.ljust(definition.decimals, "0"))
    if scaled not in _INT64:
        raise _wrong(pointer, "number_out_of_range", "Numbers must fit 64 bits")
    return [scaled]


def _date(_definition: Definition, value: Value, pointer: str) -> list[Stored]:
    try:
        return [msgspec.convert(_string(value, pointer, "a date"), date)]
    except msgspec.ValidationError:
        raise _wrong(pointer, "format", "Expected a date such as 2027-05-14") from None


def _boolean(_definition: Definition, value: Value, pointer: str) -> list[Stored]:
    if not isinstance(value, bool):
        raise _wrong(pointer, "type", "Expected true or false")
    return [int(value)]


def _choice(definition: Definition, value: Value, pointer: str) -> list[Stored]:
    code = _string(value, pointer, "the code of a choice")
    _refuse_strangers(definition, [code], pointer)
    return [code]


def _choices(definition: Definition, value: Value, pointer: str) -> list[Stored]:
    if not isinstance(value, list):
        raise _wrong(pointer, "type", "Expected a list of codes")
    if len(set(value)) < len(value):
        raise _wrong(pointer, "duplicate", "Each choice once")
    _refuse_strangers(definition, value, pointer)
    return [*value]


def _refuse_strangers(definition: Definition, codes: list[str], pointer: str, *, retired: bool = False) -> None:
    known = {choice.code for choice in definition.choices if retired or not choice.retired}
    strange = [code for code in codes if code not in known]
    if strange:
        raise _wrong(pointer, "choice", f"There is no choice {strange[0]!r}; choose from {', '.join(sorted(known))}")


def _string(value: Value, pointer: str, wanted: str) -> str:
    if not isinstance(value, str):
        raise _wrong(pointer, "type", f"Expected {wanted}")
    return value


def _wrong(pointer: str, code: str, message: str) -> Invalid:
    return Invalid(errors=[Fault(pointer, code, message)])


_READERS: Mapping[str, Callable[[Definition, Value, str], list[Stored]]] = MappingProxyType(
    {"text": _text, "number": _number, "date": _date, "boolean": _boolean, "choice": _choice, "choices": _choices}
)
