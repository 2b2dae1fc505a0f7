"""What the fields of events may hold: ids, numbers, instants and codes in clear, words about a person only sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.orm import MappedColumn

from core.db.personal import is_told
from core.disclosure import visible_to
from core.events.event import Event
from core.money import Money

SEALED = "x-sealed"
"""Where a field's schema says whose key it is sealed with."""
_CLEAR = frozenset({UUID, bool, int, float, Decimal, datetime, timedelta, Money, NoneType, UnsetType})
_MANY = frozenset({list, tuple, set, frozenset, dict, Mapping})
_TOLD = (str, date, list[str])
_WORDS = frozenset({str, NoneType, UnsetType})


class SealedFor(NamedTuple):
    """Whose data key a field is sealed with."""

    about: str
    """The field with the person's id."""
    subject: str
    """What kind they are, as `contacts.contact`."""


def sealed_for(about: str, *, subject: str, permission: object) -> Meta:
    """Words about a person in an event: kept sealed with their data key, and gone with it when they are erased.

    `surname: Annotated[str | None | UnsetType, sealed_for("contact_id", subject=CONTACT, permission=READ)] = UNSET`.
    `about` names the field with the person's id, `subject` what kind they are. Subscribers and followers read the
    words, or None after the erasure; people and programs read them where they hold the permission.
    """
    said: dict[str, Any] = {SEALED: {"about": about, "subject": subject}}
    return Meta(extra_json_schema={**(visible_to(permission).extra_json_schema or {}), **said})


@cache
def sealed_fields(kind: type[Event]) -> Mapping[str, SealedFor]:
    """The fields of an event that are sealed."""
    found = {field.name: _sealed(field.type) for field in msgspec.structs.fields(kind)}
    return MappingProxyType({name: sealed for name, sealed in found.items() if sealed is not None})


def problems(kind: type[Event]) -> Iterator[str]:
    """What is wrong with an event's fields: an event is never changed, so nobody could be erased from one."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        sealed = _sealed(field.type)
        if sealed is not None:
            yield from (f"the event {kind.name} {wrong}" for wrong in _wrong(name, field, sealed, fields))
        elif not _is_clear(field.type):
            yield (
                f"the event {kind.name} has the field {name!r}, which could hold words about a person; make it a Code"
                " (or Day, Literal, Enum, and these in lists and mappings) where it cannot, or seal it: sealed_for(...)"
            )


def _wrong(name: str, field: Any, sealed: SealedFor, fields: Mapping[str, Any]) -> Iterator[str]:
    # What only some may see is left out for all others, and None once the person was erased.
    if _members(field.type) != _WORDS or field.default is not UNSET:
        yield f"seals the field {name!r}; make it `str | None | UnsetType` and its default UNSET"
    if sealed.about not in fields or fields[sealed.about].type is not UUID:
        yield f"seals the field {name!r} for {sealed.about!r}, which is no field with an id; name the person's"


def _sealed(kind: Any) -> SealedFor | None:
    for meta in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
        if isinstance(meta, Meta) and SEALED in (meta.extra_json_schema or {}):
            return SealedFor(**(meta.extra_json_schema or {})[SEALED])
    return None


def _members(kind: Any) -> frozenset[Any]:
    inner = get_args(kind)[0]
    return frozenset(get_args(inner)) if get_origin(inner) in (Union, UnionType) else frozenset({inner})


@cache
def _is_clear(kind: Any) -> bool:
    """Whether nothing of a type can be words about a person."""
    origin, members = get_origin(kind), get_args(kind)
    if origin is Annotated:
        told = any(isinstance(each, MappedColumn) and _says_nothing(each) for each in members[1:])
        return (told and members[0] in _TOLD) or _is_clear(members[0])
    if origin in (Union, UnionType) or origin in _MANY:
        return all(each is ... or _is_clear(each) for each in members)
    if origin is Literal or kind in _CLEAR:
        return True
    if not isinstance(kind, type):
        return False
    if issubclass(kind, msgspec.Struct):
        return all(_is_clear(field.type) for field in msgspec.structs.fields(kind))
    return issubclass(kind, Enum)


def _says_nothing(column: MappedColumn[Any]) -> bool:
    info = column.column.info
    return is_told(column.column) and info["personal"] is None and not info.get("secret")
