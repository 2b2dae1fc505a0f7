"""The append-only event log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db.base import Identified, Model


class EventEntry(Identified, Model):
    """One event. The application's role may insert and read, never change or delete."""

    __tablename__ = "core_event"

    name: Mapped[str]
    schema_version: Mapped[int]
    occurred_at: Mapped[datetime] = mapped_column(default=clock.now)
    subject: Mapped[str]
    subject_id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index("core_event_subject_id_idx", "agency_id", "subject_id", "id"),
        Index("core_event_occurred_at_idx", "agency_id", "occurred_at", "id"),
    )
