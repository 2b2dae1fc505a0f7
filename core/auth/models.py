"""The tables of sign-in, which only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text, true
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.actor import STAFF, Audience
from core.db.base import Model
from core.db.personal import NOT_PERSONAL, SECRET, Code, Codes, Number, personal, sealed


class Credential(Model):
    """How a person proves who they are."""

    __tablename__ = "core_credential"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(info=SECRET)
    password_is_long: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the password would do without a second factor."""
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class AuthSession(Model):
    """A sign-in: its refresh token is the one whose counter equals the row's."""

    __tablename__ = "core_auth_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"))
    counter: Mapped[Number]
    rotated_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    """However often it is refreshed, it ends here."""
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[Code | None]
    ip: Mapped[str | None] = mapped_column(info=personal("technical", about="user_id"))
    user_agent: Mapped[str | None] = mapped_column(info=personal("technical", about="user_id"))
    audience: Mapped[Audience] = mapped_column(Text(), default=STAFF, info=NOT_PERSONAL)
    """`staff` or `portal`: tokens of one are never good for the other."""
    methods: Mapped[Codes] = mapped_column(default=list)
    """How the person proved who they are, as in `amr` (RFC 8176): `pwd`, `otp`, `pop` (a passkey), `oidc`."""
    proven_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When they last did."""
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    """Coarse: written at sign-in and at each refresh."""
    impersonator_id: Mapped[UUID | None]
    """Who really acts."""
    parent_id: Mapped[UUID | None]
    """The session it was opened from, without another proof: it ends with that one."""

    __table_args__ = (
        Index("core_auth_session_user_id_idx", "user_id"),
        Index("core_auth_session_expires_at_idx", "expires_at"),
        Index("core_auth_session_live_agency_id_idx", "agency_id", postgresql_where=text("revoked_at IS NULL")),
        Index(
            "core_auth_session_impersonator_id_idx",
            "impersonator_id",
            postgresql_where=text("impersonator_id IS NOT NULL"),
        ),
        Index("core_auth_session_parent_id_idx", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )


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


class OneTimeToken(Model):
    """A secret that was handed out and is good once: a link in a mail, an invitation, half a sign-in."""

    __tablename__ = "core_one_time_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    purpose: Mapped[Code]
    digest: Mapped[str] = mapped_column(unique=True, info=SECRET)
    """SHA-256 of purpose and token, in hexadecimal: whoever reads the table has no token."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"))
    data: Mapped[dict[str, Any]] = mapped_column(info=personal("free_text", about="user_id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]

    __table_args__ = (
        Index("core_one_time_token_user_id_purpose_idx", "user_id", "purpose"),
        Index("core_one_time_token_expires_at_idx", "expires_at"),
    )


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


class Letter(Model):
    """What a letter to somebody is about, until it is sent; a job finds out whether there is anybody to send it to."""

    __tablename__ = "core_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    kind: Mapped[Code]
    details: Mapped[str] = mapped_column(info=sealed())
    """Addresses and what was typed in, as sealed JSON."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index("core_letter_created_at_idx", "created_at"),)
