"""Columns of a file, made from the Struct of a list's rows: what they are called, and what stands in their cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta

from core import disclosure
from core.errors import Fault, Invalid
from core.exports.schemas import FileColumnView
from core.http.faults import MAX_FAULTS
from core.listed import Listed
from core.money import Money
from core.tabular import Form


@dataclass(frozen=True)
class Column:
    """One column of a list; money takes two in a file, the amount and its currency."""

    name: str
    title: str
    kind: Literal["plain", "money", "instant"] = "plain"
    added: bool = False
    """Its values come from `Listed.additions`."""

    def names(self) -> tuple[str, ...]:
        """What programs know the columns of the file by."""
        return (self.name, f"{self.name}_currency") if self.kind == "money" else (self.name,)

    def titles(self, zone: tzinfo) -> tuple[str, ...]:
        """What people read above them; instants are told as they were in a zone."""
        if self.kind == "instant":
            return (f"{self.title} ({zone})",)
        return (self.title, f"{self.title} (currency)") if self.kind == "money" else (self.title,)


@cache
def of_struct(kind: Any) -> tuple[Column, ...]:
    """The columns that a Struct makes, in the order of its fields."""
    return tuple(Column(field.encode_name, _title(field), _kind(field)) for field in msgspec.structs.fields(kind))


def offered(listed: Listed[Any]) -> list[Column]:
    """The columns of a list that the acting one may see."""
    guarded = disclosure.guarded_fields(listed.row)
    row: Any = listed.row
    # What an agency adds has columns of its own.
    left_out = {"custom_fields"} if listed.additions else set()
    seen = [each for each in of_struct(row) if each.name not in left_out and _may_see(each.name, guarded)]
    added = listed.additions.titles() if listed.additions else {}
    return [*seen, *(Column(name, title, added=True) for name, title in added.items())]


def views(listed: Listed[Any]) -> list[FileColumnView]:
    """The columns that the acting one may ask for."""
    return [FileColumnView(each.name, each.title) for each in offered(listed)]


def chosen(listed: Listed[Any], asked: Sequence[str], *, pointer: str = "?columns") -> list[Column]:
    """The columns with these names, all that are offered where none is named. Raises Invalid, HiddenField."""
    known = {each.name: each for each in offered(listed)}
    if not asked:
        return list(known.values())
    guarded = disclosure.guarded_fields(listed.row)
    for name in asked:
        disclosure.refuse_asking(name, guarded.get(name), pointer=pointer)
    faults = [Fault(pointer, "choice", f"There is no column {name}") for name in asked if name not in known]
    faults += [Fault(pointer, "duplicate", f"{name} came twice") for name in set(asked) if asked.count(name) > 1]
    if faults:
        raise Invalid(errors=faults[:MAX_FAULTS])
    return [known[name] for name in asked]


def cells(
    columns: Iterable[Column], row: Any, added: Mapping[str, Any], *, zone: tzinfo, form: Form = "csv"
) -> list[Any]:
    """What stands in a row of the file: numbers and dates as such, instants as they were in a zone."""
    found: list[Any] = []
    for column in columns:
        value = added.get(column.name) if column.added else getattr(row, column.name)
        if column.kind == "money":
            found += [value.amount, value.currency] if isinstance(value, Money) else [None, None]
        else:
            found.append(_cell(value, zone, form))
    return found


def _cell(value: Any, zone: tzinfo, form: Form) -> Any:
    if value is None or value is UNSET:
        return None
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        # Cells of a workbook know no offset: there the heading tells the zone, enough but for an hour a year.
        return local.replace(tzinfo=None) if form == "xlsx" and not _comes_twice(local) else local
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, (list, tuple, dict, msgspec.Struct)):
        return msgspec.json.encode(value).decode()
    return value


def _comes_twice(local: datetime) -> bool:
    """Whether clocks that are put back show this time a second time."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _may_see(name: str, guarded: Mapping[str, str]) -> bool:
    return name not in guarded or disclosure.actor_sees(guarded[name])


def _kind(field: msgspec.structs.FieldInfo) -> Literal["plain", "money", "instant"]:
    members = _members(field.type)
    if Money in members:
        return "money"
    return "instant" if datetime in members else "plain"


def _title(field: msgspec.structs.FieldInfo) -> str:
    """As the field's `Meta(title=...)` says, else its name as people write it."""
    declared = next((meta.title for meta in _metas(field.type) if meta.title), None)
    return declared or field.encode_name.replace("_", " ").capitalize()


def _metas(kind: Any) -> Iterator[Meta]:
    if get_origin(kind) is Annotated:
        yield from (each for each in get_args(kind)[1:] if isinstance(each, Meta))
        yield from _metas(get_args(kind)[0])


def _members(kind: Any) -> set[Any]:
    """The types that a value may be of."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    parts = get_args(kind)
    return {kind, *(member for part in parts for member in _members(part))} if parts else {kind}
