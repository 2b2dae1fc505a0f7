"""The append-only event log, its seal, and how far its followers have come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db.base import Identified, Model, Numbered, Tenant
from core.db.personal import PERSONAL, SECRET, Category, Code, Facts, Number, personal


class EventEntry(Numbered, Model):
    """One event. The application's role may insert and read, never change or delete."""

    __tablename__ = "core_event"

    name: Mapped[Code]
    schema_version: Mapped[Number]
    occurred_at: Mapped[datetime] = mapped_column(default=clock.now)
    subject: Mapped[Code]
    subject_id: Mapped[UUID]
    actor_kind: Mapped[Code]
    actor_id: Mapped[UUID | None]
    request_id: Mapped[Code | None]
    # Ids and codes, and what is personal sealed with the person's own key: nothing here is ever erased.
    payload: Mapped[Facts]
    before: Mapped[Facts | None]
    after: Mapped[Facts | None]
    form: Mapped[Number] = mapped_column(server_default=text("1"))
    """How its seal is computed; see `core.audit.chain`."""
    origin: Mapped[Code | None]
    """The digest of where it came from, whether or not that is still known; see `core.events.origins`."""
    impersonator_id: Mapped[UUID | None]
    """Who really acted, as `actor_id`."""
    key_id: Mapped[UUID | None]
    """The API key that was used."""

    __table_args__ = (
        UniqueConstraint("agency_id", "seq"),
        CheckConstraint("seq > 0", name="seq"),
        Index("core_event_subject_id_idx", "agency_id", "subject_id", "id"),
        Index("core_event_occurred_at_idx", "agency_id", "occurred_at", "id"),
        Index("core_event_name_idx", "agency_id", "name", "occurred_at", "id"),
        Index("core_event_actor_id_idx", "agency_id", "actor_id", "occurred_at", "id"),
        # Few events have one.
        Index(
            "core_event_impersonator_id_idx",
            "agency_id",
            "impersonator_id",
            "occurred_at",
            "id",
            postgresql_where=text("impersonator_id IS NOT NULL"),
        ),
    )


class EventOrigin(Tenant, Model):
    """Where an event came from: the one thing about it that can be forgotten, since the event keeps its digest."""

    __tablename__ = "core_event_origin"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    ip: Mapped[str | None] = mapped_column(info=personal(Category.TECHNICAL))
    """Where the request came from."""
    user_agent: Mapped[str | None] = mapped_column(info=personal(Category.TECHNICAL))
    reason: Mapped[str | None] = mapped_column(info=PERSONAL)
    """Why, in the words of whoever acted; where they gave a reason."""
    salt: Mapped[str] = mapped_column(info=SECRET)
    """What keeps the digest from telling the few addresses there are."""

    __table_args__ = (
        Index("core_event_origin_ip_idx", "agency_id", "ip", "event_id", postgresql_where=text("ip IS NOT NULL")),
        Index("core_event_origin_reason_idx", "agency_id", "event_id", postgresql_where=text("reason IS NOT NULL")),
    )


class EventSeal(Tenant, Model):
    """The hash chain over an agency's log: the row that makes changing or removing an event show."""

    __tablename__ = "core_event_seal"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[Number] = mapped_column(primary_key=True)
    hash: Mapped[Code]
    """SHA-256 of the hash before it and of the event, in hexadecimal."""

    __table_args__ = (CheckConstraint("seq > 0", name="seq"),)


class FollowerEntry(Identified, Model):
    """How far a follower has come in an agency's log."""

    __tablename__ = "core_follower"

    name: Mapped[Code]
    build: Mapped[Number]
    """A rebuild counts up; the live build is what the product reads."""
    live: Mapped[bool]
    seq: Mapped[Number]
    failures: Mapped[Number]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[Code | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    __table_args__ = (
        UniqueConstraint("agency_id", "name", "build"),
        Index("core_follower_live_idx", "agency_id", "name", unique=True, postgresql_where=text("live")),
    )
