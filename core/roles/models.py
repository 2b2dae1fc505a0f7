"""Roles: the built-in ones of every agency and those it made itself, with their permissions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned, owned_key
from core.db.personal import Code


class Role(Owned, Model):
    """What a member may do. A built-in role's permissions come from the plugins' declarations, not from rows."""

    __tablename__ = "core_role"

    code: Mapped[Code]
    name: Mapped[Code]
    built_in: Mapped[bool]
    second_factor_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether whoever holds it needs a second factor."""

    __table_args__ = (
        UniqueConstraint("agency_id", "code"),
        Index("core_role_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_role_name_idx", "agency_id", "name", "id"),
    )


class RolePermission(Owned, Model):
    """A permission a role of the agency's own grants, and how far it reaches."""

    __tablename__ = "core_role_permission"

    role_id: Mapped[UUID]
    permission: Mapped[Code]
    scope: Mapped[Code]

    __table_args__ = (
        UniqueConstraint("agency_id", "role_id", "permission"),
        owned_key("role_id", "core_role", ondelete="CASCADE"),
    )


class MembershipRole(Owned, Model):
    """A role a member holds."""

    __tablename__ = "core_membership_role"

    user_id: Mapped[UUID]
    role_id: Mapped[UUID]

    __table_args__ = (
        UniqueConstraint("agency_id", "user_id", "role_id"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        owned_key("role_id", "core_role"),
    )
