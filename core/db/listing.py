"""Keyset pages: a ListQuery becomes one statement, built once per shape and run with bind values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    func,
    not_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from core.db import cursor, matching, read
from core.db.query import Condition, Filter, ListQuery, Operator, Page
from core.db.read import Statement

if TYPE_CHECKING:
    from core.db.repository import Repository

S = TypeVar("S")
_ESTIMATE_LIMIT = 10_000
_FEW = 1_000
_LIMIT = bindparam("row_limit", type_=BigInteger())
Within = Mapping[InstrumentedAttribute[Any], Any]
_Rows: TypeAlias = read.Query[tuple[S, bool, Any, UUID]]
"""A row as it is shown; whether it is only similar to what is searched, its sort value and its id."""


class _Begun(Enum):
    """Where the last page ended."""

    NOWHERE = auto()
    AS_TYPED = auto()
    ALIKE = auto()


@dataclass(frozen=True)
class _Question:
    """What is asked of a repository; its `shape` decides the statement, its `values` are bound to it."""

    repository: Repository[Any]
    query: ListQuery
    within: Within
    words: matching.Words

    @property
    def sort(self) -> str:
        return self.query.sort or self.repository.listing.default_sort

    @property
    def sort_column(self) -> InstrumentedAttribute[Any]:
        return self.repository.listing.sorts[self.sort.removeprefix("-")]

    @property
    def shape(self) -> tuple[Any, ...]:
        filters = tuple(_shape(condition) for condition in self.query.conditions)
        narrowed = tuple((column.key, isinstance(value, list)) for column, value in self.within.items())
        return (self.sort, self.words.shape, filters, narrowed, self.repository.scope())

    def conditions(self) -> list[ColumnElement[bool]]:
        found = [self.repository.in_scope()]
        for number, (column, value) in enumerate(self.within.items()):
            operator = Operator.IN if isinstance(value, list) else Operator.EQ
            found.append(_comparison(column, operator, bind=f"within_{number}"))
        for number, condition in enumerate(self.query.conditions):
            found.append(_compare(self.repository, condition, bind=f"filter_{number}"))
        return found

    def values(self) -> dict[str, Any]:
        values = self.repository.scope_values()
        for number, value in enumerate(self.within.values()):
            values[f"within_{number}"] = value
        filters, own = self.repository.listing.filters, self.repository.listing.custom_fields
        for number, condition in enumerate(self.query.conditions):
            if condition.own is not None and own is not None:
                values |= own.bound(condition, bind=f"filter_{number}")
            elif condition.operator is not Operator.NULL:
                values[f"filter_{number}"] = _value(filters[condition.name], condition)
        return values | self.words.values()


def page(
    repository: Repository[Any], query: ListQuery, statement: Statement, into: Callable[..., S], *, within: Within
) -> Page[S]:
    """Answer a list request. Raises Invalid for a cursor that is not of this list.

    What has the words that are searched comes first, in the order asked for, and then what has similar ones.
    """
    question = _Question(repository, query, within, matching.words_of(query.q, similar=query.similar))
    if query.q and not question.words.typed:
        return Page(items=[], total=UNSET if query.count == "none" else 0)
    values = question.values()
    total = _total(question, values)
    asked = cursor.question_of(query, question.sort, of=[repository.model.__tablename__, *within.values()])
    begun = _Begun.NOWHERE
    if query.cursor:
        value_type = question.sort_column.type.python_type
        position = cursor.decode(query.cursor, question=asked, value_type=value_type)
        values |= {"after_value": position.value, "after_id": position.row_id}
        begun = _Begun.ALIKE if position.similar else _Begun.AS_TYPED
    found = _statement(question, statement, into, begun).rows(row_limit=query.limit + 1, **values)
    following = None
    if len(found) > query.limit:
        _, similar, value, row_id = found[query.limit - 1]
        following = cursor.encode(cursor.Position(asked, value, row_id, similar))
    return Page(items=[row for row, *_ in found[: query.limit]], next=following, total=total)


def _statement(question: _Question, statement: Statement, into: Callable[..., S], begun: _Begun) -> _Rows[S]:
    shape = ("page", statement, into, begun, *question.shape)
    return question.repository.prepared(shape, lambda: _build(question, statement, into, begun))


def _build(question: _Question, statement: Statement, into: Callable[..., S], begun: _Begun) -> _Rows[S]:
    if question.words.typed:
        return _found(question, statement, into, begun)
    column, key = question.sort_column, question.repository.model.id
    selected = statement.add_columns(column.label("sort_value"), key.label("sort_id"))
    page = _page(question, selected, after=begun is not _Begun.NOWHERE)
    return read.Query(page, lambda *row: (into(*row[:-2]), False, row[-2], row[-1]))


def _found(question: _Question, statement: Statement, into: Callable[..., S], begun: _Begun) -> _Rows[S]:
    """What a search finds: first which rows are on the page, then all that is shown of them."""
    found, parts = question.words.found(question.repository), []
    if begun is _Begun.ALIKE:
        alike = select(found.alike.subquery()) if found.alike is not None else None
    else:
        first = _among(question, statement, found.as_typed, after=begun is _Begun.AS_TYPED).cte("first")
        parts.append(select(first, false().label("similar")))
        # What is only similar is looked for where the page has room for it.
        full = select(func.count()).select_from(first).scalar_subquery() >= _LIMIT
        alike = select(found.alike.subquery()).where(not_(full)) if found.alike is not None else None
    if alike is not None:
        rest = _among(question, statement, alike.cte("alike"), after=begun is _Begun.ALIKE).subquery("rest")
        parts.append(select(rest, true().label("similar")))
    chosen = union_all(*parts).subquery("chosen")
    columns = (chosen.c.similar, chosen.c.sort_value, chosen.c.sort_id)
    shown = statement.add_columns(*columns).where(question.repository.model.id == chosen.c.sort_id)
    ordered = shown.order_by(chosen.c.similar, *_order(question, chosen.c.sort_value, chosen.c.sort_id)).limit(_LIMIT)
    # How many rows the words find decides the way, and that shows only as it runs: see `_among`.
    return read.Query(ordered, lambda *row: (into(*row[:-3]), *row[-3:]), planned_once=True)


def _among(question: _Question, statement: Statement, found: CTE, *, after: bool) -> Select[Any]:
    """A page of ids among those that were found.

    Few of them are read one by one; of many, the rows are walked in the order of the list until the page is full.
    """
    key = question.repository.model.id
    columns = (question.sort_column.label("sort_value"), key.label("sort_id"))
    narrow = statement.with_only_columns(*columns, maintain_column_froms=True)
    every = select(found.c.id)
    many = select(func.count()).select_from(found).scalar_subquery() > _FEW
    one_by_one = narrow.where(key == any_(func.array(every.scalar_subquery())), not_(many))
    # Under IS TRUE a subquery is no join: it runs once and is looked up in a hash.
    walked = narrow.where(key.in_(every).is_(True), many)
    pages = (_page(question, each, after=after).subquery() for each in (one_by_one, walked))
    return select(union_all(*(select(page) for page in pages)).subquery())


def _page(question: _Question, selected: Statement, *, after: bool) -> Statement:
    """Rows in order: from the first one, or after the one that ended the last page."""
    column, key = question.sort_column, question.repository.model.id
    selected = selected.where(*question.conditions())
    if after:
        last = tuple_(bindparam("after_value", type_=column.type), bindparam("after_id", type_=Uuid()))
        here = tuple_(column, key)
        selected = selected.where(here < last if question.sort.startswith("-") else here > last)
    return selected.order_by(*_order(question, column, key)).limit(_LIMIT)


def _order(question: _Question, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    descending = question.sort.startswith("-")
    return [column.desc() if descending else column.asc() for column in columns]


def _shape(condition: Condition) -> tuple[Any, ...]:
    """What of a condition decides the statement: `IS NULL` is no value to bind."""
    # Which of an agency's own fields it is, is bound: only its type is of the statement.
    name = condition.name if condition.own is None else (condition.own.kind,)
    return (name, condition.operator, condition.operator is Operator.NULL and condition.value)


def _value(declared: Filter, condition: Condition) -> Any:
    """The value to bind, spelled as the column spells it."""
    spelled = declared.stored or (lambda value: value)
    if condition.operator is Operator.IN:
        return [spelled(value) for value in condition.value]
    return spelled(condition.value)


def _compare(repository: Repository[Any], condition: Condition, *, bind: str) -> ColumnElement[bool]:
    own = repository.listing.custom_fields
    if condition.own is not None and own is not None:
        return own.compare(condition, bind=bind)
    declared, operator = repository.listing.filters[condition.name], condition.operator
    if declared.via is not None:
        return _compare_children(repository, declared, declared.via, operator, bind=bind)
    if operator is Operator.NULL:
        return declared.column.is_(None) if condition.value else declared.column.is_not(None)
    comparison = _comparison(declared.column, operator, bind=bind)
    if declared.indexed is None:
        return comparison
    return and_(comparison, _comparison(declared.indexed, operator, bind=bind))


def _compare_children(
    repository: Repository[Any],
    declared: Filter,
    via: InstrumentedAttribute[Any] | Select[Any],
    operator: Operator,
    *,
    bind: str,
) -> ColumnElement[bool]:
    key: ColumnElement[Any] = repository.model.id if declared.key is None else declared.key
    children = via if isinstance(via, Select) else select(via)
    if operator is Operator.NE:
        # Without the tag: no child has the value. A child with another value says nothing about that.
        return key.not_in(children.where(_comparison(declared.column, Operator.EQ, bind=bind)))
    return key.in_(children.where(_comparison(declared.column, operator, bind=bind)))


def _comparison(column: InstrumentedAttribute[Any], operator: Operator, *, bind: str) -> ColumnElement[bool]:
    if operator is Operator.IN:
        return column == any_(bindparam(bind, type_=ARRAY(column.type)))
    value: Any = bindparam(bind, type_=column.type)
    comparisons: dict[Operator, Callable[[], ColumnElement[bool]]] = {
        Operator.EQ: lambda: column == value,
        # An empty column is anything but the value, too.
        Operator.NE: lambda: column.is_distinct_from(value),
        Operator.GTE: lambda: column >= value,
        Operator.GT: lambda: column > value,
        Operator.LTE: lambda: column <= value,
        Operator.LT: lambda: column < value,
    }
    return comparisons[operator]()


def _total(question: _Question, values: dict[str, Any]) -> int | UnsetType:
    if question.query.count == "none":
        return UNSET
    shape = ("count", question.query.count, *question.shape)
    counted = question.repository.prepared(shape, lambda: _count(question))
    return counted.first(**values) or 0


def _count(question: _Question) -> read.Query[int]:
    key = question.repository.model.id
    matches = select(key).where(*question.conditions())
    if question.words.typed:
        found = question.words.found(question.repository).every
        matches = matches.where(key == any_(func.array(found.scalar_subquery())))
    if question.query.count == "estimate":
        # An honest estimate: exact while small, "at least this many" beyond.
        matches = matches.limit(_ESTIMATE_LIMIT)
    counted = select(func.count()).select_from(matches.subquery())
    return read.Query(counted, int, planned_once=bool(question.words.typed))
