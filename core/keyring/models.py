"""Keys of rings: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model
from core.db.personal import SECRET, Code


class RingKey(Model):
    """A key of a ring: the newest one signs or encrypts, older ones only verify or decrypt."""

    __tablename__ = "core_ring_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    """Its `kid`."""
    ring: Mapped[Code]
    secret: Mapped[str] = mapped_column(info=SECRET)
    """Sealed with a key that is derived from JWT_SECRET."""
    current: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        Index("core_ring_key_current_idx", "ring", unique=True, postgresql_where=text("current")),
        Index("core_ring_key_ring_idx", "ring"),
    )
