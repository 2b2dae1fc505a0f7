"""What no longer counts: a table only the system role may touch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db.base import Model, Numbered
from core.db.personal import Code


class Revocation(Numbered, Model):
    """Something that no longer counts: the feed that every process follows, in the platform's stream `revocations`."""

    __tablename__ = "core_revocation"

    kind: Mapped[Code]
    """`session` (it ended), `member` (rights or state), `agency` (roles, plugins, networks) or `key` (of the API)."""
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        # Counted over all agencies: every process reads one feed.
        Index("core_revocation_seq_idx", "seq"),
        Index("core_revocation_created_at_idx", "created_at"),
    )
