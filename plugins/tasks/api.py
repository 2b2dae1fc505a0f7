"""What neighbours may ask about tasks, and have made."""

from __future__ import annotations

from core.sdk import current_actor

from . import permissions
from .events import TaskAssigned, TaskCancelled, TaskChanged, TaskCompleted, TaskCreated, TaskReopened
from .hookspecs import About
from .repository import next_due
from .schemas import TaskDraft, TaskView
from .service import tasks

__all__ = [
    "About",
    "TaskAssigned",
    "TaskCancelled",
    "TaskChanged",
    "TaskCompleted",
    "TaskCreated",
    "TaskDraft",
    "TaskReopened",
    "TaskView",
    "create",
    "next_due",
    "view",
]

view = tasks.view


def create(draft: TaskDraft) -> TaskView:
    """Make a task. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return tasks.create(draft)
