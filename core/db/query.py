"""What a list may be asked: declared filters and sorts, the parsed question, and the page that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from core.errors import Fault

T = TypeVar("T")
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
CUSTOM = "custom."
"""How filters by an agency's own fields begin: `?custom.tier=gold`."""


class Operator(StrEnum):
    """How a filter compares. `eq` is the bare name (`?status=won`), others are suffixes (`?nights.gte=7`)."""

    EQ = "eq"
    NE = "ne"
    GTE = "gte"
    GT = "gt"
    LTE = "lte"
    LT = "lt"
    IN = "in"
    """Comma-separated values: `?status.in=new,contacted`."""
    NULL = "null"
    """Whether there is no value: `?owner_id.null=true`."""


EQUALITY = (Operator.EQ, Operator.NE, Operator.IN)
OPTIONAL = (*EQUALITY, Operator.NULL)
"""For columns that may be empty."""
RANGE = (Operator.EQ, Operator.GTE, Operator.GT, Operator.LTE, Operator.LT)


@dataclass(frozen=True)
class Filter:
    """One thing a list can be filtered by."""

    column: InstrumentedAttribute[Any]
    type: Any
    """The wire type of its value, for msgspec: `str`, `date`, `Literal[...]`, `UUID`..."""
    summary: str
    operators: tuple[Operator, ...] = EQUALITY
    via: InstrumentedAttribute[Any] | Select[Any] | None = None
    """Where `column` is of a child table: the child's column that holds the id of what is listed, or a SELECT of it."""
    key: InstrumentedAttribute[Any] | None = None
    """The column of what is listed that `via` points at, where that is not its id."""
    indexed: InstrumentedAttribute[Any] | None = None
    """Equal to `column` wherever that has a value, and indexed: ranges are looked for in both."""
    stored: Callable[[Any], Any] | None = None
    """How the column spells a value that people spell in several ways."""

    def type_for(self, operator: Operator) -> Any:
        """The wire type of one value."""
        return bool if operator is Operator.NULL else self.type


@dataclass(frozen=True)
class Listing:
    """Everything a list endpoint accepts. Sort columns must be NOT NULL and indexed with (agency_id, column, id)."""

    filters: Mapping[str, Filter]
    sorts: Mapping[str, InstrumentedAttribute[Any]]
    default_sort: str = "-created_at"
    search: Mapping[str, InstrumentedAttribute[Any]] = field(default_factory=dict)
    """What `?q=` searches: entities of the token table, each with the column that holds its id."""
    visible_to: Mapping[str, str] = field(default_factory=dict)
    """Filters and sorts that tell of a field only some may see, by name, each with its permission.

    Those of the field's own name, or beginning with it (`cost_minor`), need no mention.
    """
    custom_fields: OwnFilters | None = None
    """The agency's own fields of what is listed, as the plugin declares them; they filter as `?custom.<key>=`."""


class OwnField(msgspec.Struct, frozen=True):
    """A field that the acting agency added, and the type of its values."""

    field_id: UUID
    kind: str


class Condition(msgspec.Struct, frozen=True):
    """One filter as asked. The value is already of the filter's type (a tuple for `in`)."""

    name: str
    operator: Operator
    value: Any
    own: OwnField | None = None
    """Where it is about a field of the agency's own."""


class OwnFilters(Protocol):
    """What a list asks of the agency's own fields; `CustomFields` of the SDK does it."""

    def asked(self, given: Mapping[str, str]) -> tuple[list[Condition], list[Fault]]:
        """The conditions of parameters that begin with CUSTOM, and what is wrong with others."""

    def compare(self, condition: Condition, *, bind: str) -> ColumnElement[bool]:
        """A condition on the rows of a list; its bind values are called `bind`, or begin with it."""

    def bound(self, condition: Condition, *, bind: str) -> dict[str, Any]:
        """The values to bind."""


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed list request."""

    conditions: tuple[Condition, ...] = ()
    sort: str = ""
    """`created_at` or `-created_at`; empty for the listing's default."""
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    q: str = ""
    similar: bool = True
    """Whether `q` also finds words that are only similar; who changes what was found means what was typed."""
    count: Literal["none", "exact", "estimate"] = "none"
    columns: tuple[str, ...] = ()
    """What a saved view shows of each row; only files ask."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list."""

    items: list[T]
    next: str | None = None
    """Opaque cursor of the next page; null on the last one."""
    total: int | UnsetType = UNSET
    """Number of matches, only when asked for with `?count=`."""
