"""What tasks say where other plugins ask."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.sdk import HandedOver, hookimpl, privacy

from .hookspecs import Suggestion
from .repository import Tasks, tasks
from .schemas import TaskRow
from .service import about, assignment, erasure, finishing


@hookimpl
def tasks_about(subject: str, subject_ids: tuple[UUID, ...], before: tuple[datetime, UUID], most: int) -> list[TaskRow]:
    """For those who show what happened on a thing, whether or not tasks are there."""
    return tasks.about(subject, subject_ids, before=before, most=most)


@hookimpl
def tasks_about_merged(subject: str, of: UUID, to: UUID, only: list[UUID] | None) -> list[UUID]:
    """For those whose things are merged, and come apart again."""
    return about.follow(subject, of=of, to=to, only=only)


@hookimpl
def tasks_wanted(subject: str, subject_id: UUID, title: str, owner_id: UUID | None, team_id: UUID | None) -> UUID:
    """For those whose things want to be looked at, by the clock."""
    return finishing.suggested(subject, subject_id, Suggestion(title, 0, owner_id, team_id))


@hookimpl
def contacts_merged(contact_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:
    """The tasks about a contact that goes into another become that one's."""
    return {Tasks.subject: about.follow(privacy.CONTACT, of=other_id, to=contact_id, only=None)}


@hookimpl
def contacts_merge_undone(contact_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """They go back, those that are about something else by now left out."""
    about.follow(privacy.CONTACT, of=contact_id, to=other_id, only=moved.get(Tasks.subject, []))


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


@hookimpl
def words_about(kind: str) -> privacy.Words:
    """Tasks may be about things of any kind."""
    return erasure.words(kind)
