"""What happened to quotas."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.events.event import Event


class QuotaChanged(Event):
    """The operator gave the agency another daily quota, or the declared one again."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    quota: str
    per_day: int
