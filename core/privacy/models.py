"""What people asked for, what must be kept, and how long an agency keeps what."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned
from core.db.personal import NOT_PERSONAL, Category, Code, Day, Number, personal
from core.vault.columns import Secret, encrypted

OPEN = frozenset({"queued", "failed"})
"""States of requests that a job may still carry out: whoever repeats one that was given up means it."""


class PrivacyRequest(Owned, Model):
    """An export or an erasure of everything about one person, and what came of it."""

    __tablename__ = "core_privacy_request"

    kind: Mapped[Code]
    """`export` or `erasure`."""
    subject: Mapped[Code]
    subject_id: Mapped[UUID]
    reason: Mapped[Code | None]
    state: Mapped[Code]
    """`queued`, `done`, `refused` because of a hold, or `failed` where its job was given up or cancelled; that can be
    repeated."""
    requested_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSONB, info=NOT_PERSONAL)
    """Tables, numbers of rows and reasons."""
    bundle: Mapped[Secret | None] = encrypted("subject_id", subject_from="subject", category=Category.COPY)
    expires_at: Mapped[datetime | None]
    """Until when the bundle can be had."""

    __table_args__ = (
        Index("core_privacy_request_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_privacy_request_kind_idx", "agency_id", "kind", "created_at", "id"),
        Index("core_privacy_request_state_idx", "agency_id", "state", "created_at", "id"),
        Index("core_privacy_request_subject_id_idx", "agency_id", "subject_id", "created_at", "id"),
        Index("core_privacy_request_queued_idx", "created_at", postgresql_where=text("state = 'queued'")),
    )


class LegalHold(Owned, Model):
    """Why nothing about a person may be erased for now."""

    __tablename__ = "core_legal_hold"

    subject: Mapped[Code]
    subject_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(info=personal(Category.FREE_TEXT))
    until: Mapped[Day | None]
    """The last day; none while nobody knows."""
    placed_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]

    __table_args__ = (
        Index("core_legal_hold_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_legal_hold_subject_id_idx", "agency_id", "subject_id", "created_at", "id"),
        Index("core_legal_hold_standing_idx", "agency_id", "subject", postgresql_where=text("released_at IS NULL")),
    )


class RetentionChoice(Owned, Model):
    """How many days an agency keeps something, where that is not the default."""

    __tablename__ = "core_retention_choice"

    rule: Mapped[Code]
    days: Mapped[Number | None]
    """None keeps it for ever."""
    previous_days: Mapped[Number | None]
    """What is in effect until `since`."""
    since: Mapped[datetime]
    """From when on `days` is in effect: what is kept for less time than before is told a day ahead."""

    __table_args__ = (UniqueConstraint("agency_id", "rule"),)
