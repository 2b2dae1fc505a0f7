"""Who acted as whom, and why."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model, Owned
from core.db.personal import Category, Code, personal


class Impersonation(Owned, Model):
    """Somebody acted as a member, or as the platform's support, in an agency. The rows stay."""

    __tablename__ = "core_impersonation"

    session_id: Mapped[UUID]
    impersonator_id: Mapped[UUID]
    user_id: Mapped[UUID]
    """As whom; the operator themselves where they came as support."""
    by_operator: Mapped[bool]
    role: Mapped[Code | None]
    """What an operator may do who came as support; empty where they act as a member."""
    reason: Mapped[str] = mapped_column(info=personal(Category.FREE_TEXT, about="user_id", by="impersonator_id"))
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "session_id"),
        Index("core_impersonation_agency_id_created_at_id_idx", "agency_id", "created_at", "id"),
    )
