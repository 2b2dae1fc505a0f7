"""Endpoints, the messages to them, and the attempts to send these."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, column
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import SECRET, Code, Codes, Model, Number, Owned, SoftDeleted, owned_key, personal, sealed


class Endpoint(Owned, SoftDeleted, Model):
    """An address that events are sent to, and how it has answered lately."""

    __tablename__ = "webhooks_endpoint"

    # A path may hold a receiver's key: the audit trail names the host alone.
    url: Mapped[str] = mapped_column(info=SECRET)
    host: Mapped[Code]
    description: Mapped[Code]
    events: Mapped[Codes]
    enabled: Mapped[bool]
    disabled_reason: Mapped[Code | None]
    disabled_at: Mapped[datetime | None]
    secret: Mapped[str] = mapped_column(info=sealed())
    """Empty once the endpoint is deleted."""
    previous_secret: Mapped[str | None] = mapped_column(info=sealed("webhooks_endpoint.secret"))
    previous_secret_until: Mapped[datetime | None]
    strikes: Mapped[Number]
    """Failures and slow answers in a row."""
    spent: Mapped[Number]
    """Messages in a row that failed for good."""
    failing_since: Mapped[datetime | None]
    held_since: Mapped[datetime | None]
    """Since when messages wait in line while one at a time is tried."""

    __table_args__ = (
        Index("webhooks_endpoint_created_at_idx", "agency_id", "created_at", "id"),
        Index(
            "webhooks_endpoint_deleted_at_idx", "agency_id", "id", postgresql_where=column("deleted_at").is_not(None)
        ),
    )


class Delivery(Owned, Model):
    """A message to one endpoint about one event."""

    __tablename__ = "webhooks_delivery"

    endpoint_id: Mapped[UUID]
    message_id: Mapped[Code]
    """The same at every attempt: what receivers tell repeats by."""
    event: Mapped[Code]
    seq: Mapped[Number | None]
    """The event's number in the agency's log; None for a test."""
    body: Mapped[str] = mapped_column(info=personal("copy"))
    state: Mapped[Code]
    attempts: Mapped[Number]
    """Made so far."""
    step: Mapped[Number]
    """Failures since it was last given all its attempts."""
    ticket: Mapped[Number]
    """What a job must show to make the next attempt: older jobs find that they are not needed any more."""
    status: Mapped[Number | None]
    error: Mapped[str | None] = mapped_column(info=personal("copy"))
    next_attempt_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "endpoint_id", "message_id"),
        owned_key("endpoint_id", "webhooks_endpoint", ondelete="CASCADE"),
        Index("webhooks_delivery_created_at_idx", "agency_id", "endpoint_id", "created_at", "id"),
        Index("webhooks_delivery_state_idx", "agency_id", "endpoint_id", "state", "created_at", "id"),
        Index("webhooks_delivery_event_idx", "agency_id", "endpoint_id", "event", "created_at", "id"),
        Index(
            "webhooks_delivery_held_idx",
            "agency_id",
            "endpoint_id",
            "next_attempt_at",
            "id",
            postgresql_where=column("state") == "held",
        ),
        Index(
            "webhooks_delivery_finished_at_idx",
            "agency_id",
            "finished_at",
            postgresql_where=column("finished_at").is_not(None),
        ),
    )


class Attempt(Owned, Model):
    """One attempt to send a message."""

    __tablename__ = "webhooks_attempt"

    delivery_id: Mapped[UUID]
    number: Mapped[Number]
    status: Mapped[Number | None]
    milliseconds: Mapped[Number]
    error: Mapped[str | None] = mapped_column(info=personal("copy"))
    response: Mapped[str | None] = mapped_column(info=personal("copy"))
    """The beginning of what was answered, masked."""

    __table_args__ = (
        UniqueConstraint("agency_id", "delivery_id", "number"),
        owned_key("delivery_id", "webhooks_delivery", ondelete="CASCADE"),
    )
