"""The statements that insert jobs, and count streams up with the rows they number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table
from sqlalchemy import inspect as inspect_entity
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.elements import NamedColumn

from core.db.base import Identified, Model

_JOBS = "core_job"
_NOBODY = UUID(int=0)
# The driver's dialect has no annotations.
_TYPES: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Row(msgspec.Struct, frozen=True):
    """A row that is written last."""

    table: Table
    values: Any
    """What becomes the JSON object of the row."""
    agency_id: UUID | None
    head: UUID | None = None
    """Whose counter it is written with."""
    scope: str = ""
    """What it is the next of; empty where it is not numbered."""
    rings: str | None = None
    """The queue of a job that is due."""
    key: str = ""
    """What no other job that waits or runs has; empty where any number may."""


def in_order(rows: Iterable[Row]) -> list[tuple[UUID | None, list[Row]]]:
    """The rows of each statement with the agency it runs in, so that everybody locks the same things in one order.

    Jobs first, by key: one with the same key may be ending just now, and whoever waits for that must not hold the
    counter that it waits for in turn. Then the rest, by whose counter it is (the platform's before any agency's) and
    by agency; `_HEADS` orders the counters of one statement.
    """
    groups: defaultdict[tuple[bool, UUID, UUID | None], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.head is not None, row.head or row.agency_id or _NOBODY, row.agency_id].append(row)
    found = sorted(groups.items(), key=lambda group: (*group[0][:2], group[0][2] or _NOBODY))
    return [(agency_id, sorted(members, key=_key)) for (*_, agency_id), members in found]


def _key(row: Row) -> str:
    return row.key


def table_of(row: Model | Identified) -> Table:
    """The table of a row that no session flushes."""
    table = inspect_entity(row).mapper.local_table
    assert isinstance(table, Table)
    return table


def values(row: Model | Identified) -> dict[str, Any]:
    """The columns of a row that no session flushes but its number, with the defaults a flush would have given."""
    found = {}
    for attribute in inspect_entity(row).mapper.column_attrs:
        column = attribute.columns[0]
        if column.name == "seq" or column.computed is not None:
            continue
        value = getattr(row, attribute.key)
        if value is None:
            value = _default(column)
            setattr(row, attribute.key, value)
        found[column.name] = msgspec.to_builtins(value)
    return found


def _default(column: NamedColumn[Any]) -> Any:
    default: Any = getattr(column, "default", None)
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def statement(rows: Sequence[Row]) -> tuple[str, list[str]]:
    """One statement for the rows of an agency, with its parameters: the counts by scope, then the rows by table."""
    tables = tuple(dict.fromkeys((row.table, bool(row.scope)) for row in rows))
    totals = Counter((row.head, row.scope) for row in rows if row.scope)
    counts = [{"agency_id": head, "scope": scope, "n": n} for (head, scope), n in totals.items()]
    by_table: dict[Table, list[Any]] = {table: [] for table, _ in tables}
    for row in rows:
        if not row.scope:
            by_table[row.table].append(row.values)
            continue
        totals[row.head, row.scope] -= 1
        place = {"stream_agency": row.head, "stream_scope": row.scope, "stream_back": totals[row.head, row.scope]}
        by_table[row.table].append({**row.values, **place})
    parameters = [counts, *by_table.values()]
    return _sql(tables), [msgspec.json.encode(each).decode() for each in parameters]


_HEADS = """
INSERT INTO core_stream_head AS h (agency_id, scope, seq)
SELECT agency_id, scope, n FROM jsonb_to_recordset(%s::jsonb) AS s(agency_id uuid, scope text, n bigint)
ORDER BY agency_id, scope
ON CONFLICT (agency_id, scope) DO UPDATE SET seq = h.seq + excluded.seq
RETURNING h.agency_id, h.scope, h.seq
"""
"""Counts up in one order everywhere, so that two units of work never wait for each other."""


@lru_cache(maxsize=256)
def _sql(tables: tuple[tuple[Table, bool], ...]) -> str:
    parts = [f"heads AS ({_HEADS})"]
    parts += [f"t{index} AS ({_insert(table, numbered)})" for index, (table, numbered) in enumerate(tables)]
    # The names come from our models, the values are parameters.
    return f"WITH {', '.join(parts)} SELECT agency_id, scope, seq FROM heads"  # noqa: S608


def _insert(table: Table, numbered: bool) -> str:  # noqa: FBT001 - part of the cached key
    kinds = {column.name: column.type.compile(dialect=_TYPES) for column in table.columns if column.computed is None}
    quoted = _TYPES.identifier_preparer.quote
    names = [name for name in kinds if not (numbered and name == "seq")]
    columns = ", ".join(quoted(name) for name in names)
    picked = ", ".join(f"r.{quoted(name)}" for name in names)
    rows = "jsonb_to_recordset(%s::jsonb) AS r(" + ", ".join(f"{quoted(name)} {kinds[name]}" for name in names)
    into = f"INSERT INTO {quoted(table.name)}"
    if not numbered:
        # Of jobs, and of nothing else, there may be one already.
        unless = " ON CONFLICT DO NOTHING" if table.name == _JOBS else ""
        return f"{into} ({columns}) SELECT {picked} FROM {rows}){unless}"  # noqa: S608
    return (
        f"{into} ({columns}, seq) SELECT {picked}, h.seq - r.stream_back"  # noqa: S608
        f" FROM {rows}, stream_agency uuid, stream_scope text, stream_back bigint)"
        " JOIN heads h ON h.agency_id = r.stream_agency AND h.scope = r.stream_scope"
    )
