"""Tables of what guards the ways in: counted failures, known devices, and letters to be sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model
from core.db.personal import SECRET, Code, Number, personal, sealed


class ThrottleCount(Model):
    """How often something failed of late, and until when it is refused."""

    __tablename__ = "core_throttle"

    place: Mapped[str] = mapped_column(primary_key=True, info=SECRET)
    """A keyed digest of what is counted: no address can be read or tried out from here."""
    failures: Mapped[Number]
    since: Mapped[datetime]
    level: Mapped[Number]
    until: Mapped[datetime]
    in_a_row: Mapped[Number]
    counted_at: Mapped[datetime]

    __table_args__ = (Index("core_throttle_counted_at_idx", "counted_at"),)


class Device(Model):
    """A browser or program somebody has signed in from."""

    __tablename__ = "core_device"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(unique=True, info=SECRET)
    """SHA-256 of its token, in hexadecimal; another one after each sign-in."""
    user_agent: Mapped[str] = mapped_column(info=personal("technical", about="user_id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        Index("core_device_user_id_idx", "user_id"),
        Index("core_device_used_at_idx", "used_at"),
    )


class Letter(Model):
    """What a letter to somebody is about, until it is sent; a job finds out whether there is anybody to send it to."""

    __tablename__ = "core_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    kind: Mapped[Code]
    details: Mapped[str] = mapped_column(info=sealed())
    """Addresses and what was typed in, as sealed JSON."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index("core_letter_created_at_idx", "created_at"),)
