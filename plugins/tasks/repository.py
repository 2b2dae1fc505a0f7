"""Queries for tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    SQLColumnExpression,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)

from core.sdk import (
    OPTIONAL,
    RANGE,
    Filter,
    Instant,
    Listing,
    ListQuery,
    Ownership,
    Page,
    Repository,
    db,
    privacy,
    read,
    subjects,
    users,
)

from .models import Task
from .schemas import Kind, Priority, State, TaskRow, TaskView

S = TypeVar("S")
ME = "tasks"
_NAMED = {"owner_name": users.name_of(Task.owner_id)}
ROW = select(*read.columns(TaskRow, Task, **_NAMED))
WHOLE = select(*read.columns(TaskView, Task, **_NAMED))
_BIGGEST = 2**63 - 1


class Tasks(Repository[Task]):
    """An agency's tasks, within the caller's scope, and about nothing that the caller may not see."""

    model = Task
    permission = "tasks.read"
    subject = "tasks.task"
    ownership = Ownership(Task.owner_id, Task.team_id, given_with="tasks.assign")
    listing = Listing(
        filters={
            "state": Filter(Task.state, State, "Whether it is to be done."),
            "kind": Filter(Task.kind, Kind, "What is to be done."),
            "priority": Filter(Task.priority, Priority, "How important it is."),
            "owner_id": Filter(Task.owner_id, UUID, "Who is to do it.", OPTIONAL),
            "team_id": Filter(Task.team_id, UUID, "Whose team is to do it.", OPTIONAL),
            "subject": Filter(Task.subject, str, "The kind of what it is about.", OPTIONAL),
            "subject_id": Filter(Task.subject_id, UUID, "What it is about.", OPTIONAL),
            "due_at": Filter(Task.due_at, Instant, "When it is due.", RANGE, indexed=Task.sort_due),
            "created_at": Filter(Task.created_at, Instant, "When it was made.", RANGE),
        },
        sorts={"due_at": Task.sort_due, "created_at": Task.created_at},
        default_sort="due_at",
        search={"tasks.task": Task.id},
    )

    def in_scope(self) -> ColumnElement[bool]:
        """The caller's own, their teams' or all, less what is about something that they may not see."""
        return and_(super().in_scope(), subjects.visible(Task.subject, Task.subject_id, but=ME))

    def scope_values(self) -> dict[str, Any]:
        """The bind values of `in_scope`."""
        return subjects.values(but=ME) | super().scope_values()

    def prepared(self, shape: tuple[Any, ...], build: Callable[[], read.Query[S]]) -> read.Query[S]:
        """A statement for each way in which the caller sees what tasks are about."""
        return super().prepared((*shape, subjects.shape(but=ME)), build)

    def rows(self, query: ListQuery) -> Page[TaskRow]:
        """A page of tasks."""
        return self.page(query, ROW, TaskRow)

    def shown(self, task_id: UUID) -> TaskView:
        """A task. Raises NotFound."""
        return self.view(task_id, WHOLE, TaskView)

    def about(self, subject: str, things: Sequence[UUID], *, before: tuple[datetime, UUID], most: int) -> list[TaskRow]:
        """The newest tasks about things that the caller may see, made before an instant and id."""

        def build() -> read.Query[TaskRow]:
            at = bindparam("before_at", type_=DateTime(timezone=True))
            wanted = ROW.where(
                Task.subject == bindparam("about", type_=Text()),
                Task.subject_id == any_(bindparam("things", type_=ARRAY(Uuid()))),
                tuple_(Task.created_at, Task.id) < tuple_(at, bindparam("before_id", type_=Uuid())),
                self.in_scope(),
            )
            newest = wanted.order_by(Task.created_at.desc(), Task.id.desc()).limit(bindparam("row_limit"))
            return read.Query(newest, TaskRow)

        query = self.prepared(("about", self.scope()), build)
        asked = {"about": subject, "things": list(things), "row_limit": most}
        return query.rows(before_at=before[0], before_id=before[1], **asked, **self.scope_values())

    def written(self, task_id: UUID) -> TaskView:
        """A task the caller has just written, even where that took it out of their scope."""
        return self.view_after_change(task_id, WHOLE, TaskView)


class Standing(NamedTuple):
    """Whose a task is, and what it is about."""

    state: str
    kind: str
    owner_id: UUID | None
    team_id: UUID | None
    subject: str | None
    subject_id: UUID | None
    due_on: Any
    due_time: str | None
    zone: str


_STANDING = read.Query(
    select(*(getattr(Task, name) for name in Standing._fields)).where(Task.id == bindparam("task_id", type_=Uuid())),
    Standing,
)


def standing(task_id: UUID) -> Standing | None:
    """How a task stands, whether or not the caller may see it."""
    return _STANDING.first(task_id=task_id)


def alone_with(*things: UUID) -> None:
    """Let nobody else count the tasks about things until this unit of work ends."""
    # In one order: two who wait for each other would wait for ever.
    for thing in sorted(things):
        db.session.execute(select(func.pg_advisory_xact_lock(thing.int & _BIGGEST)))


def of_thing(thing_id: UUID) -> tuple[int, datetime | None]:
    """How many open tasks are about a thing, and when the first of them is due; whoever may see them."""
    counted = select(func.count(), func.min(Task.due_at)).where(Task.subject_id == thing_id, Task.state == "open")
    number, first = db.session.execute(counted).one()
    return number, first


def next_due(things: Iterable[UUID]) -> dict[UUID, datetime]:
    """When the first open task about each of these things is due; those without any are left out."""
    asked = select(Task.subject_id, func.min(Task.due_at)).where(
        Task.subject_id.in_(list(things)), Task.state == "open", Task.due_at.is_not(None)
    )
    found = db.session.execute(asked.group_by(Task.subject_id))
    return {thing: due for thing, due in found if thing is not None and due is not None}


def move(subject: str, *, of: UUID, to: UUID, only: list[UUID] | None) -> list[UUID]:
    """Let the tasks about a thing, or some of them, be about another one; which they are."""
    about = update(Task).where(Task.subject == subject, Task.subject_id == of)
    if only is not None:
        about = about.where(Task.id.in_(only))
    moved = about.values(subject_id=to, version=Task.version + 1, updated_at=Task.updated_at).returning(Task.id)
    return sorted(db.session.scalars(moved, execution_options={"synchronize_session": False}))


def has_later(series_id: UUID, day: Any) -> bool:
    """Whether a series has gone on after a day already."""
    later = select(Task.id).where(Task.series_id == series_id, Task.occurs_on > day).limit(1)
    return db.session.scalar(later) is not None


class Reminder(NamedTuple):
    """A task that somebody is to be told of."""

    due: datetime
    """When it was to be told of."""
    task_id: UUID
    late: bool
    """Whether it is overdue, and not merely due soon."""


def take_reminders(now: datetime, *, most: int) -> list[Reminder]:
    """Tasks that somebody is to be told of by now, in order; nobody else gets them before this unit of work ends.

    After being told that it is due soon they are told once more as it is due; then no more. The task itself is as it
    was: whoever is changing it need not look again.
    """
    due = select(Task.id, Task.remind_at).where(Task.remind_at <= now).order_by(Task.remind_at, Task.id).limit(most)
    taken = due.with_for_update(skip_locked=True).cte("taken")
    told = (
        update(Task)
        .where(Task.id == taken.c.id)
        .values(remind_at=case((Task.due_at > now, Task.due_at)), updated_at=Task.updated_at)
        .returning(taken.c.remind_at, Task.id, func.coalesce(Task.due_at <= now, false()))
    )
    return sorted(Reminder(*row) for row in db.session.execute(told, execution_options={"synchronize_session": False}))


def about(things: Iterable[UUID]) -> Sequence[Task]:
    """Every task about these things, whoever may see it."""
    return db.session.scalars(select(Task).where(Task.subject_id.in_(list(things))).order_by(Task.id)).all()


def said_of(kind: str, thing_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether a task says something about a thing, as a condition of a statement about such things."""
    says = or_(Task.title != privacy.NAMELESS, Task.note.is_not(None))
    return exists(select(Task.id).where(Task.subject_id == thing_id, Task.subject == kind, says).correlate_except(Task))


tasks = Tasks()
