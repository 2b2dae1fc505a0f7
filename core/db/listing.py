"""Keyset pages: a ListQuery becomes one statement, built once per shape and run with bind values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, UnsetType
from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, and_, any_, bindparam, func, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core import search
from core.db import cursor, read
from core.db.query import Condition, Filter, ListQuery, Operator, Page
from core.db.read import Statement

if TYPE_CHECKING:
    from core.db.repository import Repository

S = TypeVar("S")
_ESTIMATE_LIMIT = 10_000
Within = Mapping[InstrumentedAttribute[Any], Any]


@dataclass(frozen=True)
class _Question:
    """What is asked of a repository; its `shape` decides the statement, its `values` are bound to it."""

    repository: Repository[Any]
    query: ListQuery
    within: Within
    words: tuple[str, ...]

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
        return (self.sort, bool(self.query.cursor), len(self.words), filters, narrowed, self.repository.scope())

    def conditions(self) -> list[ColumnElement[bool]]:
        found = [self.repository.in_scope()]
        for number, (column, value) in enumerate(self.within.items()):
            operator = Operator.IN if isinstance(value, list) else Operator.EQ
            found.append(_comparison(column, operator, bind=f"within_{number}"))
        for number, condition in enumerate(self.query.conditions):
            found.append(_compare(self.repository, condition, bind=f"filter_{number}"))
        found.extend(_matches(self.repository, bind=f"word_{number}") for number in range(len(self.words)))
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
        for number, word in enumerate(self.words):
            values[f"word_{number}_low"], values[f"word_{number}_high"] = search.bounds(word)
        return values


def page(
    repository: Repository[Any], query: ListQuery, statement: Statement, into: Callable[..., S], *, within: Within
) -> Page[S]:
    """Answer a list request. Raises Invalid for a cursor that is not of this list."""
    question = _Question(repository, query, within, tuple(search.asked(query.q)))
    if query.q and not question.words:
        return Page(items=[], total=UNSET if query.count == "none" else 0)
    values = question.values()
    total = _total(question, values)
    asked = cursor.question_of(query, question.sort, of=[repository.model.__tablename__, *within.values()])
    if query.cursor:
        value_type = question.sort_column.type.python_type
        position = cursor.decode(query.cursor, question=asked, value_type=value_type)
        values |= {"after_value": position.value, "after_id": position.row_id}
    found = _statement(question, statement, into).rows(row_limit=query.limit + 1, **values)
    following = None
    if len(found) > query.limit:
        _, value, row_id = found[query.limit - 1]
        following = cursor.encode(cursor.Position(asked, value, row_id))
    return Page(items=[row for row, _, _ in found[: query.limit]], next=following, total=total)


def _statement(question: _Question, statement: Statement, into: Callable[..., S]) -> read.Query[tuple[S, Any, Any]]:
    shape = ("page", statement, into, *question.shape)
    return question.repository.prepared(shape, lambda: _build(question, statement, into))


def _build(question: _Question, statement: Statement, into: Callable[..., S]) -> read.Query[tuple[S, Any, Any]]:
    column, key = question.sort_column, question.repository.model.id
    descending = question.sort.startswith("-")
    selected = statement.add_columns(column.label("sort_value"), key.label("sort_id")).where(*question.conditions())
    if question.query.cursor:
        after = tuple_(bindparam("after_value", type_=column.type), bindparam("after_id", type_=Uuid()))
        here = tuple_(column, key)
        selected = selected.where(here < after if descending else here > after)
    order = (column.desc(), key.desc()) if descending else (column.asc(), key.asc())
    limited = selected.order_by(*order).limit(bindparam("row_limit"))
    return read.Query(limited, lambda *row: (into(*row[:-2]), row[-2], row[-1]))


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


def _matches(repository: Repository[Any], *, bind: str) -> ColumnElement[bool]:
    """The rows that a word finds, by their own tokens or by those of what they point at."""
    searched = repository.listing.search.items()
    key: ColumnElement[Any] = repository.model.id
    # Under IS TRUE a subquery is no join: it runs once and is looked up in a hash. As semi-joins, two words on tables
    # that were filled a moment ago and have no statistics yet became a nested loop over both, for minutes.
    return key.in_(union_all(*(_found(repository, entity, column, bind=bind) for entity, column in searched))).is_(True)


def _found(repository: Repository[Any], entity: str, column: InstrumentedAttribute[Any], *, bind: str) -> Select[Any]:
    token = search.SearchToken
    low, high = bindparam(f"{bind}_low", type_=Text()), bindparam(f"{bind}_high", type_=Text())
    things = select(token.entity_id).where(token.entity == entity, token.token >= low, token.token < high)
    if column.key == "id":
        return things
    # Another name for the table: inside the list's own condition it would be the row being judged.
    pointing = aliased(repository.model)
    return select(pointing.id).where(getattr(pointing, column.key).in_(things))


def _total(question: _Question, values: dict[str, Any]) -> int | UnsetType:
    if question.query.count == "none":
        return UNSET
    shape = ("count", question.query.count, *question.shape)
    counted = question.repository.prepared(shape, lambda: _count(question))
    return counted.first(**values) or 0


def _count(question: _Question) -> read.Query[int]:
    matches = select(question.repository.model.id).where(*question.conditions())
    if question.query.count == "estimate":
        # An honest estimate: exact while small, "at least this many" beyond.
        matches = matches.limit(_ESTIMATE_LIMIT)
    return read.Query(select(func.count()).select_from(matches.subquery()), int)
