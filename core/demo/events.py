"""What the log of a made-up agency says of itself."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Day
from core.events.event import Event


class WorldSeeded(Event):
    """Everything before this in the agency's log is made up, from these numbers."""

    subject: ClassVar[str] = "agency_id"
    permission: ClassVar[str | None] = "agencies.read"
    agency_id: UUID
    seed: int
    leads: int
    months: int
    until: Day
