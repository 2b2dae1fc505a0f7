"""People about whom every column says something, and whoever searches the whole database for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_origin
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Boolean, Column, Date, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from core import clock, ids
from core.db.base import Model
from core.db.personal import Category, category_of
from core.db.types import StructJSON
from core.vault.columns import Ciphertext
from tests.core.privacy.samples import saying


class Person:
    """Somebody with a word of their own that stands in everything said about them."""

    def __init__(self, agency_id: UUID, **known: UUID) -> None:
        self.agency_id = agency_id
        self.known = known
        self.marker = f"marker{ids.new().hex[-12:]}"
        self.email = f"{self.marker}@example.com"
        self.phone = f"+3519{ids.new().int % 10**8:08d}"

    def said(self, column: Column[Any]) -> str:
        """What a column says about them."""
        if column.table.name == "contacts_phone" and column.name == "number":
            return self.phone
        if column.table.name == "contacts_address" and column.name in {"country", "postal_code"}:
            return "PT" if column.name == "country" else self.marker
        if category_of(column) is Category.CONTACT and column.name in {"email", "address", "sender"}:
            return f"{self.marker}.{column.table.name}@example.com"
        return f"{self.marker} {column.table.name} {column.name}"


def subject_of(person: Person) -> dict[str, str]:
    """A contact or a colleague, as requests name them."""
    if "user_id" in person.known:
        return {"kind": "users.user", "id": str(person.known["user_id"])}
    return {"kind": "contacts.contact", "id": str(person.known["contact_id"])}


class Database:
    """The database as its superuser sees it: no policy and no key is in the way."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        connection.execute("SET session_replication_role = replica")

    def add(self, table: Table | str, person: Person, **values: Any) -> UUID:
        """A row in which every personal column says something about a person."""
        table = Model.metadata.tables[table] if isinstance(table, str) else table
        row = {
            column.name: self._value(column, person)
            for column in table.columns
            if column.computed is None and column.name not in values
        } | values
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table.name),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        self.connection.execute(statement, list(row.values()))
        return UUID(str(row.get("id", person.agency_id)))

    def mark(self, table: str, person: Person, *, where: str, like: UUID) -> None:
        """Let every personal column of rows that are there say something about a person."""
        columns = [
            column
            for column in Model.metadata.tables[table].columns
            if category_of(column) is not None and column.computed is None and not isinstance(column.type, Ciphertext)
        ]
        changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(each.name)) for each in columns)
        statement = sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(
            sql.Identifier(table), changes, sql.Identifier(where)
        )
        self.connection.execute(statement, [*(self._value(each, person) for each in columns), like])

    def places_of(self, *words: str) -> set[str]:
        """The tables in which one of these words stands, in clear or as bytes."""
        return {name for name, text in self._tables() if any(word in text for word in words)}

    def counts(self, word: str) -> dict[str, int]:
        """How many rows of each table a word stands in."""
        found = {name: sum(word in str(_plain(row)) for row in self._rows(name)) for name in self._names()}
        return {name: count for name, count in found.items() if count}

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table, as a backup has it."""
        return {name: self._rows(name) for name in self._names()}

    def restore(self, backup: dict[str, list[dict[str, Any]]], *, but: frozenset[str] = frozenset()) -> None:
        """Bring tables back to what a backup says, those in `but` left as they are."""
        for name, rows in backup.items():
            if name in but or name.endswith("_alembic_version"):
                continue
            self.connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            for row in rows:
                values = {key: Jsonb(value) if isinstance(value, dict | list) else value for key, value in row.items()}
                statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                    sql.Identifier(name),
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join(sql.Placeholder() * len(values)),
                )
                self.connection.execute(statement, list(values.values()))

    def _names(self) -> list[str]:
        found = self.connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [name for (name,) in found.fetchall()]

    def _rows(self, name: str) -> list[dict[str, Any]]:
        generated = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attgenerated <> ''"
        left = {each for (each,) in self.connection.execute(generated, [name]).fetchall()}
        with self.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            rows = cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
        return [{key: value for key, value in row.items() if key not in left} for row in rows]

    def _tables(self) -> Iterator[tuple[str, str]]:
        for name in self._names():
            yield name, "\n".join(str(_plain(row)) for row in self._rows(name))

    def _value(self, column: Column[Any], person: Person) -> Any:
        if column.name == "agency_id":
            return person.agency_id
        if column.name in person.known and column.primary_key is False:
            return person.known[column.name]
        kind: Any = column.type
        if isinstance(kind, Ciphertext):
            return None
        if category_of(column) is not None:
            return self._said(column, person)
        return None if column.nullable else _anything(column)

    def _said(self, column: Column[Any], person: Person) -> Any:
        kind: Any = column.type
        if isinstance(kind, LargeBinary):
            return person.said(column).encode()
        if isinstance(kind, JSONB | StructJSON):
            return Jsonb(_json(column, person.said(column)))
        if isinstance(kind, Uuid):
            return None
        return person.said(column)


def _json(column: Column[Any], said: str) -> Any:
    if isinstance(column.type, StructJSON):
        return saying(column.type.kind, said)
    return {"said": said} if column.name in {"words", "data", "utm"} else [said]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value
        for key, value in row.items()
    }


def _anything(column: Column[Any]) -> Any:
    """A value that is allowed and says nothing."""
    if isinstance(column.type, StructJSON):
        origin = get_origin(column.type.kind)
        return Jsonb(origin() if origin in {dict, list} else saying(column.type.kind, "x"))
    kind: Any = getattr(column.type, "impl_instance", column.type)
    values: list[tuple[Any, Any]] = [
        (Uuid, ids.new()), (Text, f"x{ids.new().hex[-8:]}"), (JSONB, Jsonb([])), (Boolean, False),
        (DateTime, clock.now()), (Date, clock.now().date()), (LargeBinary, ids.new().bytes),
    ]  # fmt: skip
    return next((value for each, value in values if isinstance(kind, each)), 1)
