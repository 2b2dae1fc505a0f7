"""Working hours of agencies and teams, and the absences of members."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.calendars.schemas import Closure, Opening, Week
from core.db.base import Model, Owned, owned_key
from core.db.personal import NOT_PERSONAL, Code
from core.db.types import StructJSON


class Calendar(Owned, Model):
    """When the agency, or one team of it, is at work."""

    __tablename__ = "core_calendar"

    team_id: Mapped[UUID | None]
    """None for the calendar of everybody whose team has none."""
    zone: Mapped[Code | None]
    """None for the agency's own."""
    week: Mapped[Week] = mapped_column(StructJSON(Week), info=NOT_PERSONAL)
    country: Mapped[Code | None]
    """Whose public holidays are days off; None for nobody's."""
    subdivision: Mapped[Code | None]
    closures: Mapped[list[Closure]] = mapped_column(StructJSON(list[Closure]), info=NOT_PERSONAL)
    openings: Mapped[list[Opening]] = mapped_column(StructJSON(list[Opening]), info=NOT_PERSONAL)

    __table_args__ = (
        UniqueConstraint("agency_id", "team_id", postgresql_nulls_not_distinct=True),
        owned_key("team_id", "core_team", ondelete="CASCADE"),
        Index("core_calendar_created_at_idx", "agency_id", "created_at", "id"),
    )


class Absence(Owned, Model):
    """A time in which a member is away. Why is nobody's business: it might tell of their health."""

    __tablename__ = "core_absence"

    user_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        owned_key("user_id", "core_membership", referred="user_id", ondelete="CASCADE"),
        Index("core_absence_user_id_idx", "agency_id", "user_id", "ends_at", "id"),
        Index("core_absence_starts_at_idx", "agency_id", "starts_at", "id"),
        Index("core_absence_ends_at_idx", "agency_id", "ends_at", "id"),
    )
