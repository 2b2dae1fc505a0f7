"""Sessions and the devices they are opened from: tables only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.actor import STAFF, Audience
from core.db.base import Model
from core.db.personal import NOT_PERSONAL, SECRET, Code, Codes, Number, personal


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
