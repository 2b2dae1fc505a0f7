"""Rows by the thousand, such as single requests would have left them: for imports and made-up worlds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Table
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from core import ids, search
from core.actor import current_actor
from core.db import closing
from core.db.base import Model, Tenant
from core.db.personal import is_redacted
from core.db.tenancy import current_agency_id
from core.events.changes import BOOKKEEPING, REDACTED
from core.events.event import Event
from core.events.log import FORM, SCOPE, subject_of
from core.events.models import EventEntry
from core.extensions import db

T = TypeVar("T")
CHUNK = 2_000
"""Rows in one statement: few enough for DATABASE_STATEMENT_TIMEOUT."""
# The driver's dialect has no annotations.
_TYPES: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the past."""

    event: Event
    at: datetime
    user_id: UUID | None
    """Who did it; nobody in particular where it came in from outside."""
    after: Mapping[str, Any] | None = None
    """See `facts`."""


def insert(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows of the acting agency, which all name the same columns; ids and instants are the caller's to give.

    The agency, and the version of a row that counts its changes, are put in here. Row-level security, foreign keys and
    constraints judge every row; the services' rules do not: who calls this has kept them. No listener of the session
    is told, so a column that a listener fills (an encrypted one) is refused.
    """
    table = _table(model)
    fixed = _fixed(model, table)
    connection = db.session().connection()
    for chunk in _chunks(rows):
        complete = [{**fixed, **row} for row in chunk]
        connection.exec_driver_sql(_sql(table, tuple(complete[0])), (msgspec.json.encode(complete).decode(),))


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


def publish(facts: Sequence[Fact]) -> None:
    """Write what happened into the acting agency's log, in this order, when the unit of work commits.

    Nobody is called for it: subscribers do work for what happens, not for what is told of the past.
    """
    agency_id, actor = current_agency_id(), current_actor()
    numbering_of = closing.of(db.session())
    for fact in facts:
        values = _entry(fact, agency_id, actor.kind)
        numbering_of.number_values(_table(EventEntry), values, agency_id=agency_id, head=agency_id, scope=SCOPE)


def facts(model: type[Model], row: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says of a new row, without personal data."""
    columns = _table(model).columns
    return {
        name: REDACTED if value is not None and is_redacted(columns[name]) else msgspec.to_builtins(value)
        for name, value in row.items()
        if name not in BOOKKEEPING and name != "id"
    }


def _entry(fact: Fact, agency_id: UUID, kind: str) -> dict[str, Any]:
    # Not the entity: there may be half a million of them.
    return {
        "id": ids.new(),
        "agency_id": agency_id,
        "name": fact.event.name,
        "schema_version": fact.event.schema_version,
        "occurred_at": fact.at,
        "subject": subject_of(type(fact.event)),
        "subject_id": fact.event.subject_id(),
        "actor_kind": "user" if fact.user_id else kind,
        "actor_id": fact.user_id,
        "payload": msgspec.to_builtins(fact.event),
        "after": fact.after,
        "form": FORM,
    }


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def _table(model: type[Model]) -> Table:
    table = inspect_entity(model).local_table
    assert isinstance(table, Table)
    return table


def _fixed(model: type[Model], table: Table) -> dict[str, Any]:
    if not issubclass(model, Tenant):
        raise TypeError(f"{model.__name__} is not a row of an agency")
    fixed: dict[str, Any] = {"agency_id": current_agency_id()}
    return fixed | {"version": 1} if "version" in table.columns else fixed


@lru_cache(maxsize=256)
def _sql(table: Table, names: tuple[str, ...]) -> str:
    sealed = [name for name in names if "about" in table.columns[name].info]
    if sealed:
        raise TypeError(f"{table.name}.{sealed[0]} is encrypted when a session writes it")
    quoted = _TYPES.identifier_preparer.quote
    columns = ", ".join(quoted(name) for name in names)
    kinds = ", ".join(f"{quoted(name)} {table.columns[name].type.compile(dialect=_TYPES)}" for name in names)
    # The names come from our models, the values are a parameter.
    return (
        f"INSERT INTO {quoted(table.name)} ({columns})"  # noqa: S608
        f" SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS r({kinds})"
    )
