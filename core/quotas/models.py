"""What an agency has used of its quotas today."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from core.db.base import Model, Owned
from core.db.personal import Code, Day, Number


class QuotaUse(Owned, Model):
    """One row per agency and quota; what was used on an earlier day counts as nothing."""

    __tablename__ = "core_quota_use"

    quota: Mapped[Code]
    day: Mapped[Day]
    """In UTC: an agency that changes its zone must not get the day again."""
    used: Mapped[Number]
    per_day: Mapped[Number | None]
    """What the operator allows this agency instead of the declared figure."""

    __table_args__ = (UniqueConstraint("agency_id", "quota"),)
