"""People: one identity per person, a membership per agency, and teams."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from core import ids
from core.db.base import Model, Owned, Versioned, owned_key
from core.db.personal import Code, personal


class User(Versioned, Model):
    """A person who signs in, known by one e-mail address across all agencies."""

    __tablename__ = "core_user"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    email: Mapped[str] = mapped_column(unique=True, info=personal("contact"))
    """Lower case."""
    name: Mapped[str] = mapped_column(info=personal("name"))
    language: Mapped[Code]
    zone: Mapped[Code]
    disabled_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None]
    """When the person showed that letters to the address reach them."""
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether they have a second factor: all that their agencies see of those. Kept by `core.factors`."""


class Membership(Owned, Model):
    """A person's place in an agency."""

    __tablename__ = "core_membership"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id"))
    state: Mapped[Code]
    """`active`, `suspended` or `left`: the row of somebody who left stays, because history points at it."""
    reports_to: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id"),
        owned_key("reports_to", "core_membership", referred="user_id", ondelete="SET NULL (reports_to)"),
        Index("core_membership_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_membership_reports_to_idx", "agency_id", "reports_to"),
    )


class Operator(Model):
    """Somebody who runs the platform and may enter any agency to help, on the record."""

    __tablename__ = "core_operator"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True)
    granted_at: Mapped[datetime]


class Team(Owned, Model):
    """People who share a row scope."""

    __tablename__ = "core_team"

    name: Mapped[Code]

    __table_args__ = (
        UniqueConstraint("agency_id", "name"),
        Index("core_team_created_at_idx", "agency_id", "created_at", "id"),
    )


class TeamMember(Owned, Model):
    """A member's place in a team."""

    __tablename__ = "core_team_member"

    team_id: Mapped[UUID]
    user_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("agency_id", "team_id", "user_id"),
        owned_key("team_id", "core_team", ondelete="CASCADE"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
    )
