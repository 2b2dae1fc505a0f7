"""Invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned, owned_key
from core.db.personal import Category, Code, Codes, Number, personal
from core.db.types import StructJSON


class Invitation(Owned, Model):
    """What somebody was offered: a place in the agency, with roles and teams."""

    __tablename__ = "core_invitation"

    email: Mapped[str] = mapped_column(info=personal(Category.CONTACT, about="user_id"))
    """Lower case."""
    language: Mapped[Code]
    roles: Mapped[Codes]
    """Codes: what they allow is judged when the invitation is accepted."""
    teams: Mapped[list[UUID]] = mapped_column(StructJSON(list[UUID]), info={"personal": None})
    state: Mapped[Code]
    """`pending`, `accepted`, `withdrawn` or `expired`."""
    sent: Mapped[Number]
    """How often it was sent: only the link of the last time is good."""
    expires_at: Mapped[datetime]
    invited_by: Mapped[UUID | None]
    """Whose rights are the most it can give."""
    user_id: Mapped[UUID | None]
    """Who accepted it."""

    __table_args__ = (
        owned_key("invited_by", "core_membership", referred="user_id", ondelete="SET NULL (invited_by)"),
        owned_key("user_id", "core_membership", referred="user_id", ondelete="SET NULL (user_id)"),
        Index("core_invitation_agency_id_created_at_id_idx", "agency_id", "created_at", "id"),
        Index("core_invitation_agency_id_state_created_at_id_idx", "agency_id", "state", "created_at", "id"),
        Index(
            "core_invitation_agency_id_email_idx",
            "agency_id",
            "email",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
    )
