"""Giving tasks to others."""

from __future__ import annotations

from uuid import UUID

from core.sdk import HandedOver, publish, users

from ..errors import NotOpen
from ..events import TaskAssigned
from ..repository import tasks
from ..schemas import TaskView
from .tasks import check_reader, first_reminder


def assign(task_id: UUID, assignment: users.Assignment, *, version: int | None) -> TaskView:
    """Give a task to another owner or team. Raises NotOpen, Invalid, NotFound, PreconditionFailed."""
    task = tasks.get(task_id, version=version)
    from_owner_id = task.owner_id
    if task.state != "open":
        raise NotOpen
    if not users.hand_over(task, assignment):
        return tasks.shown(task.id)
    check_reader(task)
    if task.snoozed_until is None:
        # What is due by the end of a day is told of in the morning of whoever is to do it.
        task.remind_at = first_reminder(task)
    tasks.save()
    told = TaskAssigned(task_id=task.id, from_owner_id=from_owner_id, owner_id=task.owner_id, team_id=task.team_id)
    publish(told, of=task)
    return tasks.written(task.id)


def record(what: HandedOver) -> None:
    """Write down that tasks got another owner because theirs left."""
    for row in what.rows:
        told = TaskAssigned(
            task_id=row.id,
            from_owner_id=what.from_owner_id,
            owner_id=what.owner_id,
            team_id=row.team_id,
            owner_left=True,
        )
        publish(told, of=what.changed)
