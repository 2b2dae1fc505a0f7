"""What happened to quotas."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class QuotaChanged(Event):
    """The operator gave the agency another daily quota, or the declared one again."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    quota: Code
    per_day: int
