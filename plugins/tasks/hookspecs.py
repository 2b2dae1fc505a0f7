"""What other plugins may do where tasks change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from core.sdk import hookspec

from .schemas import TaskRow


class Suggestion(NamedTuple):
    """A task that should be made."""

    title: str
    in_days: int
    """Days from today, in its owner's zone."""
    owner_id: UUID | None
    team_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class About:
    """How the tasks about one thing stand after a change."""

    subject: str
    """`leads.lead`"""
    subject_id: UUID
    open: int
    """How many are to be done."""
    next_due_at: datetime | None
    """When the first of them is due; None where none has a date."""
    finished: bool
    """Whether one of them has just been done."""
    suggestions: list[Suggestion] = field(default_factory=list)

    def suggest(self, title: str, *, in_days: int, owner_id: UUID | None, team_id: UUID | None) -> None:
        """Have a task made about the thing; whoever finished the last one is told of it in the answer."""
        self.suggestions.append(Suggestion(title, in_days, owner_id, team_id))


@hookspec(firstresult=True)
def tasks_about(
    subject: str, subject_ids: tuple[UUID, ...], before: tuple[datetime, UUID], most: int
) -> list[TaskRow] | None:
    """The tasks about things that the caller may see, the newest first, up to when and which one; we answer it."""


@hookspec(firstresult=True)
def tasks_about_merged(subject: str, of: UUID, to: UUID, only: list[UUID] | None) -> list[UUID]:  # type: ignore[empty-body] # we say
    """Tasks about a thing become another's, as the two are one, or no longer and `only` these; we answer with which."""


@hookspec(firstresult=True)
def tasks_wanted(
    subject: str, subject_id: UUID, title: str, owner_id: UUID | None, team_id: UUID | None
) -> UUID | None:
    """Have a task made about a thing, due today; we answer with which."""


@hookspec
def tasks_changed(about: About) -> None:
    """Tasks about a thing were made, changed, done or given up, in the running unit of work."""
