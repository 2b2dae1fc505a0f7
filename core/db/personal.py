"""What columns say about people: every column that could hold something tells whether, and of which kind."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from sqlalchemy import ARRAY, JSON, Boolean, Column, DateTime, Enum, Integer, Interval, LargeBinary, String, Uuid
from sqlalchemy.orm import mapped_column


class Category(StrEnum):
    """Which kind of personal data a column holds."""

    NAME = "name"
    CONTACT = "contact"
    """E-mail addresses, phone numbers, postal addresses: what a person is reached and found by."""
    IDENTITY = "identity"
    """Documents, nationality, dates of birth."""
    SPECIAL = "special"
    """Health, diet, religion and the like (GDPR, article 9)."""
    FINANCIAL = "financial"
    FREE_TEXT = "free_text"
    """What somebody wrote down: it may say anything."""
    TECHNICAL = "technical"
    """Addresses of devices, browsers, campaigns somebody came by."""
    COPY = "copy"
    """Made from other columns, as a sort key is: erased with them, and left out of what a person is handed."""


def personal(category: Category | str, *, about: str = "", by: str = "") -> dict[str, Any]:
    """Column info of personal data: never copied into events, found by export, overwritten by erasure.

    In the core's own tables `about` names the column with the id of the user it is about; `by` that of a user who
    wrote it, and is handed it although it is not erased with them.
    """
    users = {"user": about, "author": by}
    return {"personal": Category(category), **{key: column for key, column in users.items() if column}}


PERSONAL = personal(Category.FREE_TEXT)
"""Column info of what somebody wrote about a person."""
NOT_PERSONAL: dict[str, Any] = {"personal": None}
"""Column info of what says nothing about anybody."""
SECRET: dict[str, Any] = {"personal": None, "secret": True}
"""Column info of credentials and their digests: kept out of events and of what a person is handed."""

Code = Annotated[str, mapped_column(info=NOT_PERSONAL)]
"""A word that says nothing about a person: a state, a currency, a key, or what an agency calls its own things."""
Codes = Annotated[list[str], mapped_column(info=NOT_PERSONAL)]
"""A list of such words, in JSON."""
Facts = Annotated[dict[str, Any], mapped_column(info=NOT_PERSONAL)]
"""JSON of ids and codes."""
Number = Annotated[int, mapped_column(info=NOT_PERSONAL)]
"""A number that says nothing about a person: a count, a price, a position, how long something took."""
Day = Annotated[date, mapped_column(info=NOT_PERSONAL)]
"""A date that says nothing about a person: of a journey, of a deadline."""


def has_to_say(column: Column[Any]) -> bool:
    """Whether a column could hold something about a person: any but ids, instants, yes or no, and references."""
    kind = kind_of(column)
    if isinstance(kind, Uuid | Boolean | DateTime):
        return False
    return not (isinstance(kind, Integer) and column.foreign_keys)


def can_be_emptied(column: Column[Any]) -> bool:
    """Whether a column can hold a value that says nothing: an empty text or list, or NULL."""
    kind = kind_of(column)
    return bool(column.nullable) or (
        isinstance(kind, String | LargeBinary | JSON | ARRAY) and not isinstance(kind, Enum)
    )


def kind_of(column: Column[Any]) -> Any:
    """A column's type, as the database has it."""
    # To SQLAlchemy an interval is an instant elsewhere.
    return column.type if isinstance(column.type, Interval) else getattr(column.type, "impl_instance", column.type)


def is_told(column: Column[Any]) -> bool:
    """Whether a column says what it holds."""
    return "personal" in column.info


def category_of(column: Column[Any]) -> Category | None:
    """The kind of personal data in a column, or None."""
    found: Category | None = column.info.get("personal")
    return found


def user_of(column: Column[Any]) -> str | None:
    """The column with the id of the user whom another one is about; None where it is about no user."""
    found: str | None = column.info.get("user")
    return found


def author_of(column: Column[Any]) -> str | None:
    """The column with the id of the user who wrote what another one says; None where that is nobody else's."""
    found: str | None = column.info.get("author")
    return found


def is_redacted(column: Column[Any]) -> bool:
    """Whether a column's values stay out of events: personal ones, secrets, and what does not say."""
    if not is_told(column):
        return has_to_say(column)
    return category_of(column) is not None or bool(column.info.get("secret"))


class Place(NamedTuple):
    """Where `core.sealing` sealed a column's values."""

    column: str
    """`<table>.<column>`, or empty for the column's own name."""
    row: str
    """The column whose id the values were sealed for."""


def sealed(column: str = "", *, row: str = "id") -> dict[str, Any]:
    """Column info of texts made by `core.sealing.sealed(..., column=column, row_id=<row>)`: sealed anew with each key.

    Without `column` they were sealed under the column's own `<table>.<column>`; a table without an agency's rows was
    given PLATFORM.
    """
    return {**SECRET, "sealed": Place(column, row)}


def place_of(column: Column[Any]) -> Place | None:
    """Where a column's values were sealed; None where they are not."""
    found: Place | None = column.info.get("sealed")
    return Place(found.column or f"{column.table.name}.{column.name}", found.row) if found else None
