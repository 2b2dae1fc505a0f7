"""What happened to tasks."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class TaskCreated(Event):
    """There is something to do."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    owner_id: UUID | None
    about: Code | None
    """The kind of what it is about, as `leads.lead`."""
    about_id: UUID | None


class TaskChanged(Event):
    """Something about a task changed, other than its state and owner."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    fields: list[Code]


class TaskCompleted(Event):
    """A task was done."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    about: Code | None
    about_id: UUID | None
    next_id: UUID | None
    """The next one, where it repeats."""


class TaskCancelled(Event):
    """A task need not be done any more, or not this time."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    next_id: UUID | None
    """The next one, where this one was skipped."""


class TaskReopened(Event):
    """A task that was done or cancelled is to be done after all."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID


class TaskSnoozed(Event):
    """Somebody put a task off."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    until: datetime


class TaskAssigned(Event):
    """A task got another owner or team."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
    from_owner_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    owner_left: bool = False
    """Because its owner left the agency, together with everything else they owned."""


class TaskDueSoon(Event):
    """A task is due soon, or the time it was put off for is over."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID


class TaskOverdue(Event):
    """A task was due and is still open."""

    subject: ClassVar[str] = "task_id"
    task_id: UUID
