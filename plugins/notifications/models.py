"""Notifications, how each person wants to be told what and where, and what they have muted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Computed, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Code, Codes, Model, Number, Numbered, Owned, clock, owned_key, personal, sealed


class Notification(Numbered, Model):
    """One thing one person is told, numbered in their own stream."""

    __tablename__ = "notifications_notification"

    user_id: Mapped[UUID]
    kind: Mapped[Code]
    title: Mapped[Code]
    """The kind's title as it was, for when its plugin is gone."""
    words: Mapped[dict[str, Any]] = mapped_column(info=personal("copy"))
    """References and codes; of what a plugin may put there, nothing outlives the person."""
    actor_id: Mapped[UUID | None]
    subject: Mapped[Code | None]
    subject_id: Mapped[UUID | None]
    cause_id: Mapped[UUID | None]
    """The event, or what `notify` was given so that people are told once."""
    event_seq: Mapped[Number | None]
    daily: Mapped[Codes]
    """The channels on which it comes with the daily digest."""
    digest_id: Mapped[UUID | None]
    """The notification that is the digest it came with."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    told_at: Mapped[datetime | None]
    """When it appeared as new in the product; empty while it waits for the digest, and where that is switched off."""
    read_at: Mapped[datetime | None]

    # A filter and a partial index need a column.
    unread: Mapped[bool] = mapped_column(Boolean(), Computed("told_at IS NOT NULL AND read_at IS NULL", persisted=True))
    waiting: Mapped[bool] = mapped_column(
        Boolean(), Computed("daily <> '[]'::jsonb AND digest_id IS NULL AND read_at IS NULL", persisted=True)
    )

    __table_args__ = (
        UniqueConstraint("agency_id", "id"),
        UniqueConstraint("agency_id", "user_id", "seq"),
        UniqueConstraint("agency_id", "user_id", "kind", "cause_id"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("notifications_notification_unread_idx", "agency_id", "user_id", "unread", "seq"),
        Index("notifications_notification_waiting_idx", "agency_id", "user_id", postgresql_where=waiting.is_(True)),
        Index("notifications_notification_cause_id_idx", "agency_id", "cause_id"),
        Index("notifications_notification_read_at_idx", "agency_id", "read_at"),
    )


class Preference(Owned, Model):
    """How a person wants one kind of notice on one channel, where that is not the default."""

    __tablename__ = "notifications_preference"

    user_id: Mapped[UUID]
    kind: Mapped[Code]
    channel: Mapped[Code]
    choice: Mapped[Code]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id", "kind", "channel"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
    )


class Mute(Owned, Model):
    """Something a person wants to hear nothing more about."""

    __tablename__ = "notifications_mute"

    user_id: Mapped[UUID]
    subject: Mapped[Code]
    subject_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id", "subject_id"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("notifications_mute_created_at_idx", "agency_id", "user_id", "created_at", "id"),
        Index("notifications_mute_subject_id_idx", "agency_id", "subject_id", "user_id"),
    )


class PushAddress(Owned, Model):
    """Where a person has notifications pushed to, and how it has answered lately."""

    __tablename__ = "notifications_push_address"

    user_id: Mapped[UUID]
    # A path may hold a receiver's key.
    url: Mapped[str] = mapped_column(info=personal("technical"))
    secret: Mapped[str] = mapped_column(info=sealed())
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(info=personal("copy"))

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
    )
