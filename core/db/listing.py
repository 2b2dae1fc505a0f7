"""Keyset pages: a ListQuery becomes one statement, built once per shape and run with bind values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import UNSET, UnsetType
from sqlalchemy import ARRAY, ColumnElement, Select, Text, Uuid, and_, any_, bindparam, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from core import search
from core.db import cursor, read
from core.db.query import Condition, Listing, ListQuery, Operator, Page

if TYPE_CHECKING:
    from core.db.repository import Repository

S = TypeVar("S")
_COUNT_ESTIMATE_LIMIT = 10_000


def page(repository: Repository[Any], query: ListQuery, statement: Select[Any], into: Callable[..., S]) -> Page[S]:
    """Answer a list request. Raises Invalid for a cursor that is not of this list."""
    sort = query.sort or repository.listing.default_sort
    words = search.words(query.q)[: search.MAX_WORDS]
    if query.q and not words:
        return Page(items=[], total=0 if query.count != "none" else UNSET)
    question = cursor.question_of(query, sort)
    values = _values(repository, query, words)
    total = _total(repository, query, len(words), values)
    column = sort_column(repository.listing, sort)
    if query.cursor:
        position = cursor.decode(query.cursor, question=question, value_type=column.type.python_type)
        values |= {"after_value": position.value, "after_id": position.row_id}
    found = _query(repository, query, sort, len(words), statement, into).rows(row_limit=query.limit + 1, **values)
    items = [row for row, _, _ in found[: query.limit]]
    following = None
    if len(found) > query.limit:
        _, value, row_id = found[query.limit - 1]
        following = cursor.encode(cursor.Position(question, value, row_id))
    return Page(items=items, next=following, total=total)


def sort_column(listing: Listing, sort: str) -> InstrumentedAttribute[Any]:
    """The column of a sort such as `-created_at`."""
    return listing.sorts[sort.removeprefix("-")]


def _query(
    repository: Repository[Any], query: ListQuery, sort: str, words: int, statement: Select[Any], into: Callable[..., S]
) -> read.Query[tuple[S, Any, Any]]:
    shape = (statement, into, sort, bool(query.cursor), words, _filter_shape(query), repository.scope())
    built = repository._pages.get(shape)  # noqa: SLF001 - the repository's own cache of statements
    if built is None:
        built = _build(repository, query, sort, words, statement, into)
        repository._pages[shape] = built  # noqa: SLF001
    found: read.Query[tuple[S, Any, Any]] = built
    return found


def _filter_shape(query: ListQuery) -> tuple[tuple[str, Operator], ...]:
    return tuple((condition.name, condition.operator) for condition in query.conditions)


def _build(
    repository: Repository[Any], query: ListQuery, sort: str, words: int, statement: Select[Any], into: Callable[..., S]
) -> read.Query[tuple[S, Any, Any]]:
    column, key = sort_column(repository.listing, sort), repository.model.id
    descending = sort.startswith("-")
    selected = statement.add_columns(column.label("sort_value"), key.label("sort_id"))
    selected = selected.where(*_conditions(repository, query, words))
    if query.cursor:
        after = tuple_(bindparam("after_value", type_=column.type), bindparam("after_id", type_=Uuid()))
        here = tuple_(column, key)
        selected = selected.where(here < after if descending else here > after)
    order = (column.desc(), key.desc()) if descending else (column.asc(), key.asc())
    limited = selected.order_by(*order).limit(bindparam("row_limit"))
    return read.Query(limited, lambda *row: (into(*row[:-2]), row[-2], row[-1]))


def _conditions(repository: Repository[Any], query: ListQuery, words: int) -> list[ColumnElement[bool]]:
    found = [repository.in_scope()]
    for number, condition in enumerate(query.conditions):
        found.append(_compare(repository, condition, bind=f"filter_{number}"))
    found.extend(_matches(repository, bind=f"word_{number}") for number in range(words))
    return found


def _compare(repository: Repository[Any], condition: Condition, *, bind: str) -> ColumnElement[bool]:
    declared = repository.listing.filters[condition.name]
    comparison = _comparison(declared.column, condition, bind=bind)
    if declared.via is None:
        return comparison
    return repository.model.id.in_(select(declared.via).where(comparison))


def _comparison(column: InstrumentedAttribute[Any], condition: Condition, *, bind: str) -> ColumnElement[bool]:
    if condition.operator is Operator.IN:
        return column == any_(bindparam(bind, type_=ARRAY(column.type)))
    value: Any = bindparam(bind, type_=column.type)
    comparisons: dict[Operator, Callable[[], ColumnElement[bool]]] = {
        Operator.EQ: lambda: column == value,
        Operator.NE: lambda: column != value,
        Operator.GTE: lambda: column >= value,
        Operator.GT: lambda: column > value,
        Operator.LTE: lambda: column <= value,
        Operator.LT: lambda: column < value,
    }
    return comparisons[condition.operator]()


def _matches(repository: Repository[Any], *, bind: str) -> ColumnElement[bool]:
    token = search.SearchToken
    low, high = bindparam(f"{bind}_low", type_=Text()), bindparam(f"{bind}_high", type_=Text())
    found = select(token.entity_id).where(
        and_(token.entity == repository.listing.search, token.token >= low, token.token < high)
    )
    return repository.model.id.in_(found)


def _values(repository: Repository[Any], query: ListQuery, words: list[str]) -> dict[str, Any]:
    values = repository.scope_values()
    for number, condition in enumerate(query.conditions):
        value = condition.value
        values[f"filter_{number}"] = list(value) if condition.operator is Operator.IN else value
    for number, word in enumerate(words):
        values[f"word_{number}_low"], values[f"word_{number}_high"] = search.bounds(word)
    return values


def _total(repository: Repository[Any], query: ListQuery, words: int, values: dict[str, Any]) -> int | UnsetType:
    if query.count == "none":
        return UNSET
    matches = select(repository.model.id).where(*_conditions(repository, query, words))
    if query.count == "estimate":
        # An honest estimate: exact while small, "at least this many" beyond.
        matches = matches.limit(_COUNT_ESTIMATE_LIMIT)
    counted = select(func.count()).select_from(matches.subquery())
    shape = ("count", query.count, words, _filter_shape(query), repository.scope())
    cached = repository._pages.setdefault(shape, read.Query(counted, int))  # noqa: SLF001
    found: read.Query[int] = cached
    return found.first(**values) or 0
