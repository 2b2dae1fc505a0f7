"""Credentials and sessions: tables only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model, Numbered


class Credential(Model):
    """How a person proves who they are."""

    __tablename__ = "core_credential"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class AuthSession(Model):
    """A sign-in: its refresh token is the one whose counter equals the row's."""

    __tablename__ = "core_auth_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"))
    counter: Mapped[int]
    rotated_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    """However often it is refreshed, it ends here."""
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]

    __table_args__ = (Index("core_auth_session_user_id_idx", "user_id"),)


class Revocation(Numbered, Model):
    """Something that no longer counts: the feed that every process follows, in the platform's stream `revocations`."""

    __tablename__ = "core_revocation"

    kind: Mapped[str]
    """`session` (it ended), `member` (rights or state changed) or `agency` (roles or plugins changed)."""
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        # Counted over all agencies: every process reads one feed.
        Index("core_revocation_seq_idx", "seq"),
        Index("core_revocation_created_at_idx", "created_at"),
    )
