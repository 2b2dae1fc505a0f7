"""Telling people of tasks that are due."""

from __future__ import annotations

from core.sdk import clock, publish

from ..events import TaskDueSoon, TaskOverdue
from ..repository import take_reminders

BATCH = 200
"""How many tasks are told of in one unit of work."""


def send() -> bool:
    """Tell of tasks whose time has come, each once; whether there may be more.

    Two at once share them: a task that one of them holds is passed over by the other, and told of no more once both
    the event and its next time are written.
    """
    now = clock.now()
    found = take_reminders(now, most=BATCH)
    for _, task_id, late in found:
        publish(TaskOverdue(task_id=task_id) if late else TaskDueSoon(task_id=task_id))
    return len(found) == BATCH
