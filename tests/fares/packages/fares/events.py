"""What happened to fares."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import UNSET, Event

from .schemas import Cost


class FareChanged(Event):
    """A fare is another than before."""

    subject: ClassVar[str] = "fare_id"
    fare_id: UUID
    cost: Cost = UNSET
