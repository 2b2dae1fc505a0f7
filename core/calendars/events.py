"""What happened to calendars and absences."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class CalendarCreated(Event):
    """The agency, or a team of it, got working hours of its own."""

    subject: ClassVar[str] = "calendar_id"
    calendar_id: UUID
    team_id: UUID | None


class CalendarChanged(Event):
    """Working hours or holidays changed."""

    subject: ClassVar[str] = "calendar_id"
    calendar_id: UUID
    team_id: UUID | None
    fields: list[Code]


class CalendarDeleted(Event):
    """A team works by the agency's hours again, or the agency by those that hold without any set-up."""

    subject: ClassVar[str] = "calendar_id"
    calendar_id: UUID
    team_id: UUID | None


class AbsenceAdded(Event):
    """A member will be away."""

    subject: ClassVar[str] = "absence_id"
    absence_id: UUID
    user_id: UUID


class AbsenceRemoved(Event):
    """A member will not be away after all."""

    subject: ClassVar[str] = "absence_id"
    absence_id: UUID
    user_id: UUID
