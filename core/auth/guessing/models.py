"""Counted failures: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db.base import Model
from core.db.personal import SECRET, Number


class ThrottleCount(Model):
    """How often something failed of late, and until when it is refused."""

    __tablename__ = "core_throttle"

    place: Mapped[str] = mapped_column(primary_key=True, info=SECRET)
    """A keyed digest of what is counted: no address can be read or tried out from here."""
    failures: Mapped[Number]
    since: Mapped[datetime]
    level: Mapped[Number]
    until: Mapped[datetime]
    in_a_row: Mapped[Number]
    counted_at: Mapped[datetime]

    __table_args__ = (Index("core_throttle_counted_at_idx", "counted_at"),)
