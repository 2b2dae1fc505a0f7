"""What tasks say where other plugins ask."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.sdk import HandedOver, hookimpl, privacy

from .repository import Tasks, tasks
from .schemas import TaskRow
from .service import assignment, erasure


@hookimpl
def tasks_about(subject: str, subject_ids: tuple[UUID, ...], before: tuple[datetime, UUID], most: int) -> list[TaskRow]:
    """For those who show what happened on a thing, whether or not tasks are there."""
    return tasks.about(subject, subject_ids, before=before, most=most)


@hookimpl
def handed_over(what: HandedOver) -> None:
    """Each task's history tells who has it since its owner left."""
    if what.kind == Tasks.subject:
        assignment.record(what)


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """The tasks about a client."""
    return erasure.held(subject)


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave of the tasks about a client what says nothing about anybody."""
    return erasure.erase(subject)
