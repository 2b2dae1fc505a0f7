"""What people are told about tasks."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Notice, subjects, users

from . import permissions
from .events import TaskAssigned, TaskCreated, TaskDueSoon, TaskOverdue
from .repository import Standing, standing

_WORDS = {"todo": "task", "call": "call", "email": "e-mail", "meeting": "meeting"}


def _seeing(task: Standing, user_ids: list[UUID]) -> list[UUID]:
    """Who of these may see a task as it stands, and what it is about."""
    thing = None
    if task.subject is not None and task.subject_id is not None:
        thing = subjects.whose(task.subject, task.subject_id)
        if thing is None:
            return []
    return [
        user_id
        for user_id, actor in users.actors(user_ids).items()
        if actor.reaches(permissions.READ.name, owner_id=task.owner_id, team_id=task.team_id)
        and (thing is None or thing.is_seen_by(actor))
    ]


def _doers(task: Standing | None) -> list[UUID]:
    """Who is to do it, or the whole team while it is nobody's."""
    if task is None or task.state != "open":
        return []
    if task.owner_id is not None:
        return _seeing(task, [task.owner_id])
    return _seeing(task, users.of_team(task.team_id)) if task.team_id is not None else []


def _new_owners(event: TaskAssigned | TaskCreated) -> list[UUID]:
    if isinstance(event, TaskAssigned) and (event.owner_left or event.from_owner_id == event.owner_id is not None):
        # Whoever takes over hundreds is told once.
        return []
    return _doers(standing(event.task_id))


def _due(event: TaskDueSoon | TaskOverdue) -> list[UUID]:
    return _doers(standing(event.task_id))


def _words(event: TaskAssigned | TaskCreated | TaskDueSoon | TaskOverdue) -> dict[str, str]:
    task = standing(event.task_id)
    if task is None:
        return {}
    return {"kind": _WORDS[task.kind], "when": " ".join(str(part) for part in (task.due_on, task.due_time) if part)}


ASSIGNED = Notice(
    name="tasks.assigned",
    summary="Somebody gives me a task, or my team one that nobody has taken",
    event=(TaskAssigned, TaskCreated),
    recipients=_new_owners,
    title="{actor} gave you a {kind}",
    words=_words,
)
DUE_SOON = Notice(
    name="tasks.due_soon",
    summary="A task of mine is due soon, or comes back after I put it off",
    event=TaskDueSoon,
    recipients=_due,
    title="Next: a {kind} {when}",
    words=_words,
    digest=False,
)
OVERDUE = Notice(
    name="tasks.overdue",
    summary="A task of mine was due and is still open",
    event=TaskOverdue,
    recipients=_due,
    title="Overdue: a {kind} {when}",
    words=_words,
)
ALL = (ASSIGNED, DUE_SOON, OVERDUE)
