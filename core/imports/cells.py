"""Reads cells: what people write in files becomes what a Draft takes, or a fault that does not quote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core import clock, fields
from core.agencies import api as agencies
from core.errors import Fault, Invalid
from core.imports import amounts, lookups
from core.imports.importer import Column
from core.imports.reading import Cell, text_of
from core.imports.schemas import ImportOptions
from core.money import check_currency
from core.search import fold

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DATE = re.compile(r"(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})", re.ASCII)
_CLOCK = re.compile(r"(.+?)[T ](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_SPLIT = re.compile(r"[,;|\n]")
_WORDS = MappingProxyType(
    dict.fromkeys(
        ("yes", "y", "true", "1", "x", "ja", "wahr", "oui", "vrai", "si", "vero", "verdadero", "sim", "verdadeiro"),
        True,
    )
    | dict.fromkeys(("no", "n", "false", "0", "nein", "falsch", "non", "faux", "falso", "nao"), False)
)
_ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}
_CENTURY = 100


class Reader:
    """Reads the cells of one file in the acting agency."""

    def __init__(self, options: ImportOptions) -> None:
        self.options = options

    def read(self, column: Column, cell: Cell, *, country: str | None = None) -> Any:
        """What a cell says. Raises Invalid. `country` is where its row's people are."""
        text = text_of(cell)
        if _UNSAFE.search(text):
            raise _wrong("unsafe_text", "NUL and lone surrogates are not text")
        reader = _READERS.get(column.kind)
        if reader is not None:
            return reader(self, column, cell)
        if column.kind == "phone":
            return _phone(text, country, self.options.phone_country)
        return text

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where the agency is."""
        return ZoneInfo(agencies.agency_view().zone)

    @cached_property
    def language(self) -> str:
        """What the agency speaks."""
        return agencies.agency_view().language

    @cached_property
    def currency(self) -> str:
        """The currency of amounts without one."""
        return self.options.currency or agencies.agency_view().currency

    @cached_property
    def members(self) -> dict[str, set[UUID]]:
        """Colleagues by what they are called."""
        return lookups.members()

    @cached_property
    def teams(self) -> dict[str, set[UUID]]:
        """Teams by what they are called."""
        return lookups.teams()

    @cached_property
    def brands(self) -> dict[str, set[UUID]]:
        """Brands by what they are called."""
        return lookups.brands()


def _phone(text: str, country: str | None, otherwise: str | None) -> str:
    try:
        return fields.to_e164(text, country=country or otherwise)
    except Invalid:
        if country is None:
            raise
        # The country is what another cell says.
        message = "This is not a phone number of the country of its row; begin others with + and their code"
        raise _wrong("phone", message) from None


def _integer(reader: Reader, column: Column, cell: Cell) -> int:
    text = text_of(cell).replace(" ", "").replace("\u00a0", "")
    if not _WHOLE.fullmatch(text):
        raise _wrong("number", "This is no whole number")
    return int(text)


def _amount(reader: Reader, column: Column, cell: Cell) -> str:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        # As it is written, not as it is stored: 0.1 is no 0.1000000000000000055.
        return format(Decimal(repr(cell)), "f")
    try:
        found = amounts.read(text_of(cell), reader.options.decimal)
    except amounts.Unclear:
        message = "This may be thousands or decimals: say in the option `decimal` which mark is before the decimals"
        raise _wrong("ambiguous", message) from None
    if found is None:
        raise _wrong("number", _no_amount(column, reader.options.decimal))
    return found


def _no_amount(column: Column, mark: str) -> str:
    example = "2.400,00" if mark == "," else "2400.00"
    if not column.path.endswith("/amount"):
        return f"This is no number such as {example}"
    return f"This is no amount such as {example}; the currency has a column of its own"


def _currency(reader: Reader, column: Column, cell: Cell) -> str:
    text = text_of(cell).upper()
    try:
        return check_currency({"\u20ac": "EUR", "$": "USD", "\u00a3": "GBP"}.get(text, text))
    except Invalid:
        raise _wrong("currency", "This is no currency, of which the code is such as EUR") from None


def _date(reader: Reader, column: Column, cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return _day(reader, text_of(cell)).isoformat()


def _day(reader: Reader, text: str) -> date:
    iso = _ISO.fullmatch(text)
    found = iso or _DATE.fullmatch(text)
    if found is None:
        raise _wrong("date", "This is no date such as 2027-05-14")
    parts = [int(part) for part in found.groups()]
    year, month, day = parts if iso else (parts[place] for place in _ORDERS[reader.options.date_order])
    try:
        return date(year + 2000 if year < _CENTURY else year, month, day)
    except ValueError:
        order = reader.options.date_order
        raise _wrong("date", f"There is no such day; dates are read in the order {order}") from None


def _instant(reader: Reader, column: Column, cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=reader.zone).isoformat()
    text = text_of(cell)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        timed = _CLOCK.fullmatch(text)
        day = _day(reader, timed.group(1) if timed else text)
        parsed = datetime.combine(day, _time(timed.group(2), timed.group(3)) if timed else time())
    instant = parsed if parsed.tzinfo else parsed.replace(tzinfo=reader.zone)
    if not clock.is_in_reach(instant):
        raise _wrong("date", "This instant is out of all reach")
    return instant.isoformat()


def _time(hours: str, minutes: str) -> time:
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise _wrong("date", "There is no such time of day") from None


def _boolean(reader: Reader, column: Column, cell: Cell) -> bool:
    found = _WORDS.get(fold(text_of(cell)))
    if found is None:
        raise _wrong("boolean", "Expected yes or no")
    return found


def _choice(reader: Reader, column: Column, cell: Cell) -> str:
    found = _codes(column).get(_code(text_of(cell)))
    if found is None:
        raise _wrong("choice", f"This is one of: {', '.join(column.choices)}")
    return found


def _codes(column: Column) -> dict[str, str]:
    """The codes of a column by what people call them."""
    labelled = {_code(label): code for label, code in column.labels.items()}
    return labelled | {_code(code): code for code in column.choices}


def _code(text: str) -> str:
    return fold(text).replace(" ", "_").replace("-", "_")


def _list(reader: Reader, column: Column, cell: Cell) -> list[str]:
    parts = [part.strip() for part in _SPLIT.split(text_of(cell))]
    codes = _codes(column)
    if column.choices and any(part and _code(part) not in codes for part in parts):
        raise _wrong("choice", f"Each is one of: {', '.join(column.choices)}")
    return list(dict.fromkeys(codes.get(_code(part), part) for part in parts if part))


def _numbers(reader: Reader, column: Column, cell: Cell) -> list[int]:
    # Our own files have lists of numbers as JSON has them.
    text = text_of(cell).strip("[]")
    return [_integer(reader, column, part.strip()) for part in _SPLIT.split(text) if part.strip()]


def _country(reader: Reader, column: Column, cell: Cell) -> str:
    found = lookups.countries(reader.language).get(fold(text_of(cell)))
    if found is None:
        raise _wrong("country", "This is no country, nor a code such as PT")
    return found


def _language(reader: Reader, column: Column, cell: Cell) -> str:
    text = text_of(cell)
    try:
        return fields.check_language(lookups.languages(reader.language).get(fold(text), text))
    except Invalid:
        raise _wrong("language", "This is no language that is known, nor a code such as pt") from None


def _zone(reader: Reader, column: Column, cell: Cell) -> str:
    try:
        return fields.check_zone(text_of(cell))
    except Invalid:
        raise _wrong("zone", "This is no time zone such as Europe/Lisbon") from None


def _member(reader: Reader, column: Column, cell: Cell) -> str:
    return _one(reader.members, cell, "active member; use the e-mail address")


def _team(reader: Reader, column: Column, cell: Cell) -> str:
    return _one(reader.teams, cell, "team")


def _brand(reader: Reader, column: Column, cell: Cell) -> str:
    return _one(reader.brands, cell, "brand; use its code")


def _one(known: Mapping[str, set[UUID]], cell: Cell, what: str) -> str:
    found = known.get(fold(text_of(cell)), set())
    if len(found) == 1:
        return str(next(iter(found)))
    raise _wrong("unknown" if not found else "ambiguous", f"This is not one {what}")


def _id(reader: Reader, column: Column, cell: Cell) -> str:
    try:
        return str(UUID(text_of(cell)))
    except ValueError:
        raise _wrong("format", "This is no id") from None


def _wrong(code: str, message: str) -> Invalid:
    return Invalid(errors=[Fault("", code, message)])


_READERS: Mapping[str, Callable[[Reader, Column, Cell], Any]] = MappingProxyType(
    {
        "integer": _integer,
        "amount": _amount,
        "currency": _currency,
        "date": _date,
        "instant": _instant,
        "boolean": _boolean,
        "choice": _choice,
        "list": _list,
        "numbers": _numbers,
        "country": _country,
        "language": _language,
        "zone": _zone,
        "member": _member,
        "team": _team,
        "brand": _brand,
        "id": _id,
    }
)
