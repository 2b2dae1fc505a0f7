"""Whom personal data is about, what is held of it, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, SQLColumnExpression

CONTACT = "contacts.contact"
USER = "users.user"


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """One row that says something about a person."""

    table: str
    row_id: UUID
    values: Mapping[str, Any]
    """What it says, in clear and as JSON."""
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    """Names of theirs that are more than a first name."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A person whose data is asked for, and everything they are known by so far."""

    kind: str
    """`contacts.contact`, `users.user`."""
    id: UUID
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    """What they are called; others may be called the same."""
    rows: frozenset[UUID] = frozenset()
    """The ids of the rows that were found about them, their own among these."""

    @property
    def words(self) -> list[str]:
        """What tells in a text that it is about them: ids, e-mail addresses, phone numbers."""
        return sorted({*(str(each) for each in self.rows), *self.emails, *self.phones})

    @property
    def names(self) -> list[str]:
        """The same without ids, which say nothing by themselves."""
        return sorted({*self.emails, *self.phones})

    def knowing(self, holdings: Iterable[Holding]) -> Subject:
        """The same person, also known by what was found."""
        emails, phones, called, rows = set(self.emails), set(self.phones), set(self.called), {self.id, *self.rows}
        for each in holdings:
            emails |= each.emails
            phones |= each.phones
            called |= each.called
            rows.add(each.row_id)
        found: dict[str, set[Any]] = {"emails": emails, "phones": phones, "called": called, "rows": rows}
        return msgspec.structs.replace(self, **{name: frozenset(each) for name, each in found.items()})


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a table's rows about a person."""

    table: str
    rows: int
    kept: str = ""
    """Why they stay; empty where they were erased."""
    until: date | None = None
    """Until when they must stay, where that is known."""


class Words(NamedTuple):
    """What a plugin says about things of others, and how it stops."""

    said: Callable[[SQLColumnExpression[Any]], ColumnElement[bool]]
    """Whether something personal is said about the thing with this id: a condition of a statement about such things."""
    forget: Callable[[Sequence[UUID]], None]
    """Leave nothing personal about these things, in the running unit of work."""
