"""Passwords: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db.base import Model
from core.db.personal import SECRET


class Credential(Model):
    """How a person proves who they are."""

    __tablename__ = "core_credential"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("core_user.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(info=SECRET)
    password_is_long: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the password would do without a second factor."""
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
