"""What waits for somebody to do something."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Day, Event


class UnownedLeadsIdle(Event):
    """A team, or nobody at all, has open leads that nobody owns and that have no next action; told once a day."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    team_id: UUID | None
    count: int


class LeadCameBack(Event):
    """A lead was on hold until this day, or lost and to be asked again on it; told once."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    status: Code
    day: Day
