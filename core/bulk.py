"""Rows by the thousand, such as single requests would have left them: for imports and made-up worlds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Table
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from core import search
from core.db.base import Model, Tenant
from core.db.personal import is_redacted
from core.db.tenancy import current_agency_id
from core.events.changes import BOOKKEEPING, REDACTED
from core.extensions import db
from core.vault import rows as sealing

T = TypeVar("T")
CHUNK = 2_000
"""Rows in one statement: few enough for DATABASE_STATEMENT_TIMEOUT."""
_MANY = 100
"""Rows in one statement from which on it is worth planning the checks of foreign keys anew."""
# The driver's dialect has no annotations.
_TYPES: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]


def insert(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows of the acting agency, which all name the same columns; ids and instants are the caller's to give.

    The agency, and the version of a row that counts its changes, are put in here. Row-level security, foreign keys and
    constraints judge every row; the services' rules do not: who calls this has kept them. Encrypted columns take a
    `vault.Secret` about somebody who was made in this unit of work; raises TypeError for a value in clear. No other
    listener of the session is told.
    """
    table = table_of(model)
    fixed = _fixed(model, table)
    for chunk in _chunks(rows):
        complete = sealing.sealed_rows(model, [{**fixed, **row} for row in chunk])
        _write(table, tuple(complete[0]), msgspec.json.encode(complete).decode(), count=len(chunk))


def insert_encoded(model: type[Model], names: Sequence[str], rows: Iterable[bytes]) -> None:
    """Insert rows that are JSON objects of these columns already, the agency among them."""
    for chunk in _chunks(rows):
        _write(table_of(model), tuple(names), f"[{b','.join(chunk).decode()}]", count=len(chunk))


def index(entity: str, texts: Iterable[tuple[UUID, Iterable[str | None]]]) -> None:
    """Make things findable that were not before, as `search.index` does one of them."""
    insert(
        search.SearchToken,
        (
            {"entity": entity, "token": token, "entity_id": entity_id}
            for entity_id, words in texts
            for token in sorted(search.tokens_of(words))
        ),
    )


def facts(model: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says of a new row, without personal data."""
    columns = table_of(model).columns
    return {
        name: REDACTED if value is not None and is_redacted(columns[name]) else msgspec.to_builtins(value)
        for name, value in row.items()
        if name not in BOOKKEEPING and name != "id"
    }


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def table_of(model: type[Model]) -> Table:
    """The table of a class of rows."""
    table = inspect_entity(model).local_table
    assert isinstance(table, Table)
    return table


def _fixed(model: type[Model], table: Table) -> dict[str, Any]:
    if not issubclass(model, Tenant):
        raise TypeError(f"{model.__name__} is not a row of an agency")
    fixed: dict[str, Any] = {"agency_id": current_agency_id()}
    return fixed | {"version": 1} if "version" in table.columns else fixed


def _write(table: Table, names: tuple[str, ...], rows: str, *, count: int) -> None:
    connection = db.session().connection()
    if count >= _MANY:
        # PostgreSQL plans the check of a foreign key once: of a table that was empty then it would read every row.
        connection.exec_driver_sql("DISCARD PLANS")
    connection.exec_driver_sql(_sql(table, names), (rows,))


@lru_cache(maxsize=256)
def _sql(table: Table, names: tuple[str, ...]) -> str:
    quoted = _TYPES.identifier_preparer.quote
    columns = ", ".join(quoted(name) for name in names)
    kinds = ", ".join(f"{quoted(name)} {table.columns[name].type.compile(dialect=_TYPES)}" for name in names)
    # The names come from our models, the values are a parameter.
    return (
        f"INSERT INTO {quoted(table.name)} ({columns})"  # noqa: S608
        f" SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS r({kinds})"
    )
