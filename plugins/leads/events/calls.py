"""What happened to logged calls since they were."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class CallChanged(Event):
    """Somebody corrected a logged call."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    call_id: UUID
    fields: list[Code]


class CallDeleted(Event):
    """Somebody deleted a logged call."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    call_id: UUID
