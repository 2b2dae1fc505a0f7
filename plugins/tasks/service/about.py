"""What tasks are about: it is told when they change, and may ask for another one."""

from __future__ import annotations

from core.sdk import installed

from ..hookspecs import About, Suggestion
from ..models import Task
from ..repository import alone_with, of_thing, tasks


def changed(task: Task, *, finished: bool = False) -> list[Suggestion]:
    """Tell what a task is about how its tasks stand now; what it suggests to do."""
    if task.subject is None or task.subject_id is None:
        return []
    tasks.save()
    # Two tasks done at once would each find the other one open.
    alone_with(task.subject_id)
    number, first = of_thing(task.subject_id)
    told = About(subject=task.subject, subject_id=task.subject_id, open=number, next_due_at=first, finished=finished)
    installed().hook.tasks_changed(about=told)
    return told.suggestions
