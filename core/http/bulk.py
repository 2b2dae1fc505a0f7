"""The same action on many rows in one request: each succeeds or fails by itself, as its own request would."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar, cast
from uuid import UUID

import msgspec
from flask import current_app, request
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from core.actor import current_actor, using
from core.db.query import ListQuery
from core.errors import Fault, Forbidden, Invalid, PreconditionFailed, Problem
from core.extensions import db
from core.http import database_errors, gates, queries
from core.http.blueprint import Blueprint
from core.http.problems import problem_of
from core.http.structs import Draft, View
from core.listed import Listed
from core.plugins.spec import Permission
from core.reach import narrower

A = TypeVar("A", bound=msgspec.Struct)
MOST = 500
"""Rows in one request."""
COST = 20
"""How many ordinary requests it counts for."""


@dataclass(frozen=True)
class BulkAction(Generic[A]):
    """One thing that can be done to many rows: a tagged Struct, and the use case that does it to one of them."""

    kind: type[A]
    """`class DeleteLeads(Draft, tag="delete")`: what a client sends as `action`, `{"type": "delete"}`."""
    permission: Permission
    """What the route for one row asks for; its scope counts here too."""
    run: Callable[[UUID, A, int | None], object]
    """What the route for one row calls: with the id, the action, and the version that must be met."""
    among_deleted: bool = False
    """It is about deleted rows, which no filter of the list finds: they are named by their ids."""


@dataclass(frozen=True)
class BulkSetAction(Generic[A]):
    """The same, done to all rows at once in a few statements: each is judged, then those that can be are changed."""

    kind: type[A]
    permission: Permission
    run: Callable[[Sequence[UUID], A, Mapping[UUID, int]], Mapping[UUID, Problem]]
    """With the ids, the action, and the versions that must be met; the problem of each row that was left as it is.

    What it raises is a problem of the request: then no row is changed.
    """
    among_deleted: bool = False


Action: TypeAlias = BulkAction[Any] | BulkSetAction[Any]


class BulkRow(View):
    """What became of one row: 200, or the problem that its own request would have met."""

    id: UUID
    status: int
    code: str | None
    detail: str | None
    errors: list[Fault]


class BulkResult(View):
    """What became of the rows, in the order of their ids."""

    done: int
    failed: int
    rows: list[BulkRow]


Ids = Annotated[list[UUID], Meta(min_length=1, max_length=MOST, description="The rows, by id; or use `filter`.")]
Filter = Annotated[
    dict[str, Annotated[str, Meta(max_length=2000)]],
    Meta(
        min_length=1,
        max_length=50,
        description="The rows a list with these parameters shows, 500 at most; of a search, those with its very words.",
    ),
]
Versions = Annotated[
    dict[UUID, int], Meta(max_length=MOST, description="The version of rows in `ids` that must not have changed since.")
]


class Body(Draft):
    """What to do, and to which rows: `ids`, or `filter`."""

    either: ClassVar[tuple[str, str]] = ("ids", "filter")
    ids: Ids | UnsetType = UNSET
    filter: Filter | UnsetType = UNSET
    versions: Versions | UnsetType = UNSET


def offer(blueprint: Blueprint, listed: Listed[Any], actions: Sequence[Action], *, permission: Permission) -> None:
    """Give a plugin's list `POST /bulk`: `permission` lets in, and each action asks for its own."""
    known = {action.kind: action for action in actions}
    parameters = queries.Parameters(listed, paged=False)
    body = _body_of(listed, actions)

    @blueprint.post("/bulk", permission=permission, cost=COST, idempotency="required")
    @blueprint.arguments(body)
    @blueprint.response(200, BulkResult)
    def bulk(asked: Any) -> BulkResult:
        """Do the same to many rows; those it cannot be done to are told, and the others are done."""
        action = known[type(asked.action)]
        _permit(action)
        ids = _chosen(listed, parameters, action, asked)
        versions = {} if asked.versions is UNSET else asked.versions
        with using(action.permission.name):
            _lock(listed, ids)
            rows = _rows(action, asked.action, ids, versions)
        done = sum(row.status < 400 for row in rows)
        return BulkResult(done, len(rows) - done, rows)


def _body_of(listed: Listed[Any], actions: Sequence[Action]) -> type[Body]:
    kinds: Any = reduce(or_, (action.kind for action in actions))
    about = Meta(description="What is done to each row; its `type` says which.")
    name = f"{listed.title.replace(' ', '')}Bulk"
    namespace = {
        "__annotations__": {"action": Annotated[kinds, about]},
        "__doc__": Body.__doc__,
        # Whose it is decides what its component is called.
        "__module__": actions[0].kind.__module__,
        "__qualname__": name,
    }
    # A class statement with the union of this list; `defstruct` does not go together with the metaclass of drafts.
    body: Any = types.new_class(name, (Body,), exec_body=lambda body: body.update(namespace))
    return cast("type[Body]", body)


def _permit(action: Action) -> None:
    """Let pass whom the route for one row would let pass. Raises Forbidden."""
    actor, permission = current_actor(), action.permission.name
    actor.require(permission)
    reason = gates.denial(current_app, actor, permission, request.endpoint or "")
    if reason is not None:
        raise Forbidden(reason)


def _chosen(listed: Listed[Any], parameters: queries.Parameters, action: Action, asked: Any) -> list[UUID]:
    """The ids of the rows that are meant, each once and in order. Raises Invalid."""
    faults = []
    if (asked.ids is UNSET) == (asked.filter is UNSET):
        code = "required" if asked.ids is UNSET else "either"
        faults.append(Fault("/ids", code, "Name the rows either by ids or by filter"))
    elif asked.ids is UNSET and action.among_deleted:
        faults.append(Fault("/filter", "not_possible", "Deleted rows are in no list: name them by ids"))
    if asked.versions is not UNSET:
        ids = () if asked.ids is UNSET else asked.ids
        strange = [row_id for row_id in asked.versions if row_id not in ids]
        faults += [Fault(f"/versions/{row_id}", "unknown", "This id is not in ids") for row_id in strange]
    if faults:
        raise Invalid(errors=faults)
    return sorted(set(asked.ids)) if asked.ids is not UNSET else _matching(listed, parameters, action, asked.filter)


def _matching(
    listed: Listed[Any], parameters: queries.Parameters, action: Action, given: Mapping[str, str]
) -> list[UUID]:
    try:
        query = queries.question(given, parameters, listed.row)
    except Invalid as wrong:
        moved = [Fault(_moved(fault.pointer), fault.code, fault.message) for fault in wrong.errors]
        raise Invalid(wrong.detail, errors=moved) from None
    if not (query.conditions or query.q):
        raise Invalid(errors=[Fault("/filter", "required", "Narrow the rows down by something")])
    with using(narrower(action.permission.name, listed.permission)):
        total, ids = _found(listed, query)
    if total > MOST:
        raise Invalid(errors=[Fault("/filter", "too_many", f"{total} rows match, and {MOST} at most can be meant")])
    return sorted(ids)


def _moved(pointer: str) -> str:
    """`?status` of an address is `/filter/status` of a body."""
    return f"/filter/{pointer.removeprefix('?')}"


def _found(listed: Listed[Any], query: ListQuery) -> tuple[int, list[UUID]]:
    asked = msgspec.structs.replace(query, limit=MOST, count="exact", similar=False)
    page = listed.repository.ids(asked)
    return page.total or 0, page.items


def _lock(listed: Listed[Any], ids: Sequence[UUID]) -> None:
    """Keep everybody else from changing the rows, in one order for all: two requests never wait for each other.

    Those that the caller may not change are nobody's to keep.
    """
    repository, model = listed.repository, listed.repository.model
    mine = select(model.id).where(model.id.in_(ids), repository.in_scope()).order_by(model.id)
    locked = mine.with_for_update(of=model)
    db.session.execute(locked, repository.scope_values(), execution_options={"include_deleted": True})


def _rows(action: Action, asked: Any, ids: Sequence[UUID], versions: Mapping[UUID, int]) -> list[BulkRow]:
    if isinstance(action, BulkAction):
        return [_one(action, asked, row_id, versions.get(row_id)) for row_id in ids]
    problems = action.run(ids, asked, versions)
    return [_row(row_id, problems.get(row_id)) for row_id in ids]


def _one(action: BulkAction[Any], asked: Any, row_id: UUID, version: int | None) -> BulkRow:
    """Do it to one row; what fails is undone by its savepoint."""
    try:
        with db.session.begin_nested():
            action.run(row_id, asked, version)
    except (Problem, SQLAlchemyError) as error:
        return _row(row_id, _told(error))
    return _row(row_id, None)


def _row(row_id: UUID, problem: Problem | None) -> BulkRow:
    if problem is None:
        return BulkRow(row_id, 200, None, None, [])
    return BulkRow(row_id, problem.status, problem.code, problem.detail or problem.title, list(problem.errors))


def _told(error: Exception) -> Problem:
    """The problem of one row; raises what is none of its own: a defect, or a database that cannot go on."""
    if isinstance(error, StaleDataError):
        return PreconditionFailed()
    if database_errors.is_lost_race(error) or database_errors.is_dead_connection(error):
        raise error
    problem = problem_of(error)
    if problem is None or problem.status >= 500:
        raise error
    return problem
