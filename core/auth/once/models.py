"""What is good once: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model
from core.db.personal import SECRET, Code, personal


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
