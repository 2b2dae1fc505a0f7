"""What is kept under which key of the ring: data keys, and the sealed columns of every table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Table,
    TableValuedAlias,
    Text,
    Uuid,
    column,
    func,
    literal,
    select,
    update,
)

from core.agencies.models import Agency
from core.db.base import Model
from core.db.personal import Place, place_of
from core.db.read import SystemQuery
from core.vault.keys import Wrapped
from core.vault.models import DataKey, ErasedSubject

_AGENCIES = SystemQuery(select(Agency.id).order_by(Agency.id), lambda agency_id: agency_id)
_DATA_KEY = DataKey.metadata.tables[DataKey.__tablename__]


class SealedColumn(msgspec.Struct, frozen=True):
    """A column with texts of `core.sealing`."""

    table: Table
    column: Column[Any]
    place: Place

    @property
    def of_agencies(self) -> bool:
        """Whether its rows are agencies'; the others are people's, and only the system role may touch them."""
        return "agency_id" in self.table.columns


class SealedText(msgspec.Struct, frozen=True):
    """One text in such a column."""

    id: UUID
    row_id: UUID
    text: str


def agency_ids() -> list[UUID]:
    """Every agency."""
    return _AGENCIES.rows()


def sealed_columns() -> list[SealedColumn]:
    """The sealed columns of every loaded table."""
    found = ((table, column, place_of(column)) for table in Model.metadata.sorted_tables for column in table.columns)
    return [SealedColumn(table, column, place) for table, column, place in found if place is not None]


def old_data_keys(connection: Connection, agency_id: UUID, kek_id: UUID, *, after: UUID, most: int) -> list[Wrapped]:
    """The next data keys of an agency that another key of the ring wraps, those left out that somebody else holds."""
    key = _DATA_KEY.c
    wanted = (key.agency_id == agency_id, key.kek_id != kek_id, key.id > after)
    statement = select(key.id, key.subject, key.subject_id, key.wrapped, key.kek_id).where(*wanted).order_by(key.id)
    found = connection.execute(statement.limit(most).with_for_update(skip_locked=True))
    return [Wrapped(*row) for row in found]


def store_data_keys(connection: Connection, wrapped: Mapping[UUID, str], kek_id: UUID) -> None:
    """Replace what wraps data keys that are locked, in one statement."""
    new = _unnested(wrapped)
    connection.execute(update(_DATA_KEY).where(_DATA_KEY.c.id == new.c.id).values(wrapped=new.c.text, kek_id=kek_id))


def old_texts(
    connection: Connection, column: SealedColumn, agency_id: UUID | None, prefix: str, *, after: UUID, most: int
) -> list[SealedText]:
    """The next texts of a column that do not begin with a prefix, those left out that somebody else holds."""
    primary = _primary(column.table)
    wanted = [column.column.is_not(None), column.column != "", primary > after]
    wanted.append(~func.starts_with(column.column, prefix))
    if agency_id is not None:
        wanted.append(column.table.columns["agency_id"] == agency_id)
    row = column.table.columns[column.place.row]
    statement = select(primary, row, column.column).where(*wanted).order_by(primary).limit(most)
    return [SealedText(*found) for found in connection.execute(statement.with_for_update(skip_locked=True))]


def store_texts(connection: Connection, column: SealedColumn, texts: Mapping[UUID, str]) -> None:
    """Replace texts that are locked, in one statement. Their rows' version stays: nobody changed what they say."""
    new = _unnested(texts)
    changed = update(column.table).where(_primary(column.table) == new.c.id)
    connection.execute(changed.values({column.column: new.c.text}))


def _unnested(texts: Mapping[UUID, str]) -> TableValuedAlias:
    pairs = func.unnest(literal([*texts], ARRAY(Uuid())), literal([*texts.values()], ARRAY(Text())))
    return pairs.table_valued(column("id", Uuid()), column("text", Text()), name="new").render_derived()


def uses_of(connection: Connection, agency_id: UUID, kek_id: UUID) -> int:
    """How many data keys of an agency a key of the ring wraps."""
    key = _DATA_KEY.c
    counted = select(func.count()).select_from(_DATA_KEY).where(key.agency_id == agency_id, key.kek_id == kek_id)
    return connection.execute(counted).scalar_one()


def texts_with(connection: Connection, column: SealedColumn, agency_id: UUID | None, prefix: str) -> int:
    """How many texts of a column begin with a prefix."""
    wanted: list[ColumnElement[bool]] = [func.starts_with(column.column, prefix)]
    if agency_id is not None:
        wanted.append(column.table.columns["agency_id"] == agency_id)
    return connection.execute(select(func.count()).select_from(column.table).where(*wanted)).scalar_one()


def _primary(table: Table) -> Column[Any]:
    primary = list(table.primary_key.columns)
    assert len(primary) == 1, f"{table.name} has sealed columns, so one column must be its key"
    return primary[0]


class Tombstone(msgspec.Struct, frozen=True):
    """Somebody who was erased."""

    agency_id: UUID
    subject: str
    subject_id: UUID


ERASED = SystemQuery(
    select(ErasedSubject.agency_id, ErasedSubject.subject, ErasedSubject.subject_id).order_by(ErasedSubject.id),
    Tombstone,
)
"""Everybody who was erased, in whatever agency."""
