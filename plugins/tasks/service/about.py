"""What tasks are about: it is told when they change, and may ask for another one."""

from __future__ import annotations

from uuid import UUID

from core.sdk import installed, publish

from ..events import TaskChanged
from ..hookspecs import About, Suggestion
from ..models import Task
from ..repository import alone_with, move, of_thing, tasks


def changed(task: Task, *, finished: bool = False) -> list[Suggestion]:
    """Tell what a task is about how its tasks stand now; what it suggests to do."""
    if task.subject is None or task.subject_id is None:
        return []
    tasks.save()
    # Two tasks done at once would each find the other one open.
    alone_with(task.subject_id)
    return _tell(task.subject, task.subject_id, finished=finished)


def follow(subject: str, *, of: UUID, to: UUID, only: list[UUID] | None) -> list[UUID]:
    """Let the tasks about a thing be about another one, because the two are one or no longer; which they are."""
    alone_with(of, to)
    moved = move(subject, of=of, to=to, only=only)
    for task_id in moved:
        publish(TaskChanged(task_id=task_id, fields=["subject_id"]))
    if moved:
        for thing in (of, to):
            _tell(subject, thing, finished=False)
    return moved


def _tell(subject: str, thing_id: UUID, *, finished: bool) -> list[Suggestion]:
    number, first = of_thing(thing_id)
    told = About(subject=subject, subject_id=thing_id, open=number, next_due_at=first, finished=finished)
    installed().hook.tasks_changed(about=told)
    return told.suggestions
