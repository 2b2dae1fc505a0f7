"""Answers kept for repeated Idempotency-Keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Model, Tenant
from core.db.personal import NOT_PERSONAL, SECRET, Code, Number, personal


class KeptAnswer(Tenant, Model):
    """The answer to one POST, written in the transaction of its change."""

    __tablename__ = "core_idempotency"
    __table_args__ = (
        UniqueConstraint("agency_id", "principal", "route", "key"),
        Index("core_idempotency_created_at_idx", "agency_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    principal: Mapped[Code]
    route: Mapped[Code]
    key: Mapped[Code]
    request_digest: Mapped[bytes] = mapped_column(LargeBinary, info=SECRET)
    rights_digest: Mapped[bytes] = mapped_column(LargeBinary, info=SECRET)
    """Of what its principal could do when it was given."""
    status: Mapped[Number]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB, info=NOT_PERSONAL)
    body: Mapped[bytes] = mapped_column(LargeBinary, info=personal("copy"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
