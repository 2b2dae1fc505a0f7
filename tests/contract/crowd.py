"""Many rows like one that was made through the API, straight into the tables: for what only shows in a crowd."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Table, Text, Uuid
from sqlalchemy.orm import InstrumentedAttribute

from core.db.query import Filter, Listing
from core.search import SearchToken

VARIETY = 50
"""How many different values a column gets that need not be unique."""
SEEN_WITH = {("contacts_member", "contact_id")}
"""Columns, by table, that point within an agency at what must be there for a row to be seen."""
_INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
"""


class Crowd:
    """Clones rows as the superuser, whom neither foreign keys nor policies stop, nor checks of numbers."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._crowds = itertools.count()
        connection.execute("SET session_replication_role = replica")

    def grow(self, listing: Listing, rows: int, *, like: UUID, agencies: list[UUID], address: str = "") -> None:
        """Add `rows` clones of the newest listed row of an agency, spread evenly over agencies.

        What the list's filters and search look into grows with it; ids in `address` stay as they are.
        """
        table = table_of(listing)
        statement = sql.SQL("SELECT id FROM {} WHERE agency_id = %s ORDER BY id DESC LIMIT 1")
        found = self.connection.execute(statement.format(sql.Identifier(table.name)), [like]).fetchone()
        assert found is not None, f"{table.name} has no row to clone"
        values = {"rows": rows, "sample": found[0], "agencies": agencies, "kept": address.split("/")}
        # Two lists may be of one table, and a sample may be taken twice: its clones differ from those before.
        values["crowd"] = next(self._crowds)
        varied = {each.column.key for each in listing.filters.values() if each.via is None}
        self._clone(table, varied, values)
        for child in children_of(listing):
            self._clone_children(child, table, found[0])
        for entity, column in listing.search.items():
            self._index(entity, table, column.key)

    def analyze(self) -> None:
        """Let the planner know."""
        self.connection.execute("ANALYZE")

    def _clone(self, table: Table, varied: set[str], values: dict[str, Any]) -> None:
        for column, parent in _identities(table):
            # What must be unique and exist: as many clones of that, too, with the same numbers.
            statement = sql.SQL("SELECT {} FROM {} WHERE id = %s")
            statement_of = statement.format(sql.Identifier(column), sql.Identifier(table.name))
            found = self.connection.execute(statement_of, [values["sample"]]).fetchone()
            assert found is not None
            self._clone(parent, set(), values | {"sample": found[0]})
        self._unchecked(table)
        columns = [column for column in table.columns if column.computed is None]
        statement = sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(1, %(rows)s) n"
            " WHERE t.id = %(sample)s"
        )
        with self._indexed_afterwards(table):
            self.connection.execute(
                statement.format(
                    table=sql.Identifier(table.name),
                    columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
                    values=sql.SQL(", ").join(sql.SQL(_value(table, column.name, varied)) for column in columns),
                ),
                values,
            )

    def _unchecked(self, table: Table) -> None:
        # Clones are numbered below the first, where nothing that goes on from the last number meets them.
        for each in table.constraints:
            if isinstance(each, CheckConstraint) and str(each.name).endswith("_seq_check"):
                statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}")
                self.connection.execute(statement.format(sql.Identifier(table.name), sql.Identifier(str(each.name))))

    @contextmanager
    def _indexed_afterwards(self, table: Table) -> Iterator[None]:
        """Indexes are built at once in a fraction of the time that row by row takes; those of constraints stay."""
        found = self.connection.execute(_INDEXES, [table.name]).fetchall()
        for name, _ in found:
            self.connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        yield
        for _, definition in found:
            self.connection.execute(definition)

    def _clone_children(self, declared: Filter, table: Table, sample_id: UUID) -> None:
        child = declared.column.class_.__table__
        via = _pointing(declared, child)
        columns = [column for column in child.columns if column.computed is None]
        values = [_child_value(column, via, declared.column.key) for column in columns]
        statement = sql.SQL(
            "INSERT INTO {child} ({columns}) SELECT {values} FROM {table} p"
            " CROSS JOIN (SELECT * FROM {child} WHERE {via} = %(sample)s LIMIT 1) t"
            " WHERE NOT EXISTS (SELECT FROM {child} c WHERE c.{via} = p.id)"
        ).format(
            child=sql.Identifier(child.name),
            table=sql.Identifier(table.name),
            columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
            values=sql.SQL(", ").join(sql.SQL(value) for value in values),
            via=sql.Identifier(via),
        )
        self.connection.execute(statement, {"sample": sample_id})

    def _index(self, entity: str, table: Table, column: str) -> None:
        statement = sql.SQL(
            "INSERT INTO {tokens} (agency_id, entity, token, entity_id)"
            " SELECT agency_id, %s, 'word' || (row_number() OVER ()) %% 1000, {column} FROM {table}"
            " ON CONFLICT DO NOTHING"
        ).format(
            tokens=sql.Identifier(SearchToken.__tablename__),
            table=sql.Identifier(table.name),
            column=sql.Identifier(column),
        )
        self.connection.execute(statement, [entity])


def table_of(listing: Listing) -> Table:
    """The table a list is of."""
    table = next(iter(listing.sorts.values())).class_.__table__
    assert isinstance(table, Table)
    return table


def children_of(listing: Listing) -> list[Filter]:
    """The filters that look into another table, one for each."""
    mine, filters = table_of(listing), listing.filters.values()
    # With a key it is no child: what is listed points at it, and it was cloned before.
    other = (each for each in filters if each.column.class_.__table__ is not mine and each.key is None)
    return list({each.column.class_: each for each in other}.values())


def _identities(table: Table) -> Iterator[tuple[str, Table]]:
    for column in sorted(_unique(table), key=str):
        for key in table.columns[column].foreign_keys:
            if key.constraint is None or column == "agency_id":
                continue
            if len(key.constraint.columns) == 1 or (table.name, column) in SEEN_WITH:
                yield column, key.column.table


def _unique(table: Table) -> set[str]:
    """The columns that must differ: the last one of a key is what tells the rows of one parent apart."""
    found = {column.name for column in table.columns if column.primary_key or column.unique}
    for constraint in table.constraints:
        if type(constraint).__name__ == "UniqueConstraint":
            found.add(list(constraint.columns)[-1].name)  # type: ignore[attr-defined] # seen to be one by its name
    return found | {list(index.columns)[-1].name for index in table.indexes if index.unique}


def _value(table: Table, name: str, varied: set[str]) -> str:
    """What a clone has in a column: `n` counts the clones."""
    column = table.columns[name]
    quoted = f't."{name}"'
    if name == "agency_id":
        return "(%(agencies)s::uuid[])[1 + n %% cardinality(%(agencies)s::uuid[])]"
    if isinstance(column.type, DateTime):
        return f"{quoted} - n * interval '1 minute'"
    if name in _unique(table):
        return _unlike_any(column, quoted, table.name)
    return _of_a_few(column, quoted) if name in varied else quoted


def _unlike_any(column: Column[Any], quoted: str, table: str) -> str:
    if isinstance(column.type, Uuid):
        other = f"md5({quoted}::text || '-' || %(crowd)s || '-' || n)::uuid"
        return f"CASE WHEN {quoted}::text = ANY(%(kept)s) THEN {quoted} ELSE {other} END"
    if isinstance(column.type, Text):
        return f"{quoted} || '-' || %(crowd)s || '-' || n"
    # The sample may itself be a clone: count down from the first one. What is numbered next counts up from the last.
    return f'(SELECT min("{column.name}") FROM "{table}") - n'


def _of_a_few(column: Column[Any], quoted: str) -> str:
    if isinstance(column.type, Boolean):
        return "n %% 2 = 0"
    if isinstance(column.type, Uuid):
        other = f"md5({quoted}::text || n %% {VARIETY})::uuid"
        return f"CASE WHEN n %% 2 = 0 OR {quoted}::text = ANY(%(kept)s) THEN {quoted} ELSE {other} END"
    if isinstance(column.type, Text):
        return f"CASE n %% 2 WHEN 0 THEN {quoted} ELSE {quoted} || n %% {VARIETY} END"
    return f"{quoted} + (n %% {VARIETY})::int"


def _pointing(declared: Filter, child: Table) -> str:
    """The child's column that holds the id of what is listed."""
    if isinstance(declared.via, InstrumentedAttribute):
        return str(declared.via.key)
    if declared.via is None:
        # A table that is joined has a row for each of these, under its id.
        return str(list(child.primary_key)[-1].name)
    # Where a SELECT narrows it, that says which it is.
    return str(next(iter(declared.via.selected_columns)).key)


def _child_value(column: Column[Any], via: str, filtered: str) -> str:
    name = column.name
    if name == "id":
        return "md5(t.id::text || p.id)::uuid"
    if name == "agency_id":
        return "p.agency_id"
    if name == via:
        return "p.id"
    # What points at something goes on pointing at it.
    is_varied = name == filtered and isinstance(column.type, Text)
    return f't."{name}" || (row_number() OVER ()) %% {VARIETY}' if is_varied else f't."{name}"'
