"""Letters to be sent: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model
from core.db.personal import Code, sealed


class Letter(Model):
    """What a letter to somebody is about, until it is sent; a job finds out whether there is anybody to send it to."""

    __tablename__ = "core_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    kind: Mapped[Code]
    details: Mapped[str] = mapped_column(info=sealed())
    """Addresses and what was typed in, as sealed JSON."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (Index("core_letter_created_at_idx", "created_at"),)
