"""One row about a person: what it says, and overwriting that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    LargeBinary,
    String,
    Table,
    Text,
    case,
    cast,
    func,
    inspect,
    literal,
    null,
)

from core.crypto import Unreadable
from core.db.base import stored
from core.db.personal import Category, category_of, kind_of
from core.privacy.subjects import Holding
from core.vault.columns import Ciphertext, reveal

_UNSAID = frozenset({"agency_id", "version"})


def held(entity: Any) -> Holding:
    """What an entity says about a person: all of its columns but secrets and copies, encrypted ones in clear."""
    state = inspect(entity)
    values = {}
    for key, column in stored(state.mapper):
        value = getattr(entity, key)
        if isinstance(column.type, Ciphertext):
            value = _revealed(entity, getattr(type(entity), key))
        values[column.name] = value
    return held_row(state.mapper.local_table, values)


def held_row(table: Any, values: Mapping[str, Any]) -> Holding:
    """The same of a row that was read by its table."""
    assert isinstance(table, Table)
    shown = {
        str(column.name): msgspec.to_builtins(values[column.name], enc_hook=str)
        for column in table.columns
        if column.name in values and _is_said(column)
    }
    contacts = [
        str(values[column.name])
        for column in table.columns
        if category_of(column) is Category.CONTACT and values.get(column.name)
    ]
    names = (str(values[column.name]) for column in table.columns if _is_name(column) and values.get(column.name))
    row_id = values.get("id") or values.get("user_id")
    assert isinstance(row_id, UUID)
    return Holding(
        table=str(table.name),
        row_id=row_id,
        values=shown,
        emails=frozenset(each for each in contacts if "@" in each),
        phones=frozenset(each for each in contacts if each.startswith("+")),
        called=frozenset(each for each in names if len(each.split()) > 1),
    )


def as_seen_by(user_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a user is told of it: where somebody was who acted in their name is about that other person."""
    acted = values.get("impersonator_id")
    return {**values} if acted in (None, user_id) else {**values, "ip": None, "user_agent": None}


def wipe(entity: Any) -> None:
    """Overwrite everything personal that an entity says, and whatever index of it there is."""
    for key, column in stored(inspect(entity).mapper):
        if category_of(column) is not None:
            setattr(entity, key, blank(column, getattr(entity, key)))


def blank(column: Column[Any], value: Any) -> Any:
    """What a column holds instead of a value, saying nothing any more."""
    if column.nullable:
        # None would be stored as JSON's null, which is a value.
        return null() if isinstance(kind_of(column), JSON) else None
    if isinstance(value, str):
        return ""
    empty: dict[type[Any], Any] = {bytes: b"", dict: {}, list: []}
    return empty[type(value)]


def emptied(column: Column[Any]) -> ColumnElement[Any]:
    """The same for many rows at once, whatever they say."""
    kind = kind_of(column)
    if column.nullable:
        return null()
    if isinstance(kind, JSON):
        # A column holds objects or lists, and its type does not tell which.
        is_list = func.jsonb_typeof(column) == "array"
        return case((is_list, cast(literal("[]", Text()), kind)), else_=cast(literal("{}", Text()), kind))
    empty: dict[type[Any], Any] = {LargeBinary: b"", ARRAY: [], String: ""}
    return next(literal(value, kind) for each, value in empty.items() if isinstance(kind, each))


def says(column: Column[Any]) -> ColumnElement[bool]:
    """Whether a column of a row says something."""
    return column.is_not(None) if column.nullable else column.is_distinct_from(emptied(column))


def _is_said(column: Column[Any]) -> bool:
    # What does not say what it holds is handed over rather than withheld.
    return not (column.name in _UNSAID or column.info.get("secret") or category_of(column) is Category.COPY)


def _is_name(column: Column[Any]) -> bool:
    return category_of(column) is Category.NAME


def _revealed(entity: Any, column: Any) -> str | None:
    try:
        return reveal(entity, column)
    except Unreadable:
        # Its key is gone: nobody reads it any more, neither do we.
        return None
