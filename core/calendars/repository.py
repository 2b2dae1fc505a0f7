"""Queries for calendars and absences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Uuid, and_, any_, bindparam, select

from core.agencies.models import Agency
from core.calendars.models import Absence, Calendar
from core.calendars.schemas import AbsenceView, CalendarView, Closure, Opening, Week
from core.db import read
from core.db.query import OPTIONAL, RANGE, Filter, Listing, ListQuery, Page
from core.db.repository import Ownership, Repository
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.fields import Instant
from core.users.api import name_of

VIEW = select(*read.columns(CalendarView, Calendar))
ABSENCE = select(*read.columns(AbsenceView, Absence, user_name=name_of(Absence.user_id)))


class Stored(NamedTuple):
    """A calendar as it is stored, beside the agency it is of."""

    agency_zone: str
    agency_country: str | None
    language: str
    calendar_id: UUID | None
    """None where the agency has no calendar at all."""
    team_id: UUID | None
    zone: str | None
    week: Week | None
    country: str | None
    subdivision: str | None
    closures: list[Closure] | None
    openings: list[Opening] | None


_COLUMNS: tuple[Any, ...] = (
    Agency.zone,
    Agency.country,
    Agency.language,
    Calendar.id,
    Calendar.team_id,
    Calendar.zone,
    Calendar.week,
    Calendar.country,
    Calendar.subdivision,
    Calendar.closures,
    Calendar.openings,
)
_EVERY = read.Query(
    select(*_COLUMNS)
    .select_from(Agency)
    .outerjoin(Calendar, Calendar.agency_id == Agency.id)
    .where(Agency.id == bindparam("acting_id", type_=Uuid())),
    Stored,
)
_AWAY = read.Query(
    select(Absence.user_id)
    .where(
        Absence.user_id == any_(bindparam("user_ids", type_=ARRAY(Uuid()))),
        and_(Absence.ends_at > bindparam("at", type_=DateTime(timezone=True)), Absence.starts_at <= bindparam("at")),
    )
    .distinct(),
    lambda user_id: user_id,
)


class Calendars(Repository[Calendar]):
    """An agency's calendars."""

    model = Calendar
    permission = "calendars.read"
    subject = "calendars.calendar"
    listing = Listing(
        filters={"team_id": Filter(Calendar.team_id, UUID, "The team; none for the agency's own.", OPTIONAL)},
        sorts={"created_at": Calendar.created_at},
        default_sort="created_at",
    )

    def rows(self, query: ListQuery) -> Page[CalendarView]:
        """A page of calendars."""
        return self.page(query, VIEW, CalendarView)

    def shown(self, calendar_id: UUID) -> CalendarView:
        """A calendar. Raises NotFound."""
        return self.view(calendar_id, VIEW, CalendarView)

    def has(self, team_id: UUID | None) -> bool:
        """Whether there is a calendar of a team, or of the agency."""
        mine = Calendar.team_id.is_(None) if team_id is None else Calendar.team_id == team_id
        return db.session.scalar(select(Calendar.id).where(mine)) is not None

    def every(self) -> list[Stored]:
        """All of the acting agency's, each beside the agency; one row without a calendar where there is none."""
        return _EVERY.rows(acting_id=current_agency_id())


class Absences(Repository[Absence]):
    """When members are away."""

    model = Absence
    permission = "calendars.absences"
    subject = "calendars.absence"
    ownership = Ownership(Absence.user_id, on_leaving="removed")
    listing = Listing(
        filters={
            "user_id": Filter(Absence.user_id, UUID, "Who is away."),
            "starts_at": Filter(Absence.starts_at, Instant, "Since when.", RANGE),
            "ends_at": Filter(Absence.ends_at, Instant, "When they are back.", RANGE),
        },
        sorts={"starts_at": Absence.starts_at, "ends_at": Absence.ends_at},
        default_sort="-starts_at",
    )

    def rows(self, query: ListQuery) -> Page[AbsenceView]:
        """A page of absences."""
        return self.page(query, ABSENCE, AbsenceView)

    def shown(self, absence_id: UUID) -> AbsenceView:
        """An absence. Raises NotFound."""
        return self.view(absence_id, ABSENCE, AbsenceView)

    def written(self, absence_id: UUID) -> AbsenceView:
        """One the caller has just written."""
        return self.view_after_change(absence_id, ABSENCE, AbsenceView)

    def away(self, user_ids: Iterable[UUID], *, at: datetime) -> set[UUID]:
        """Who of these is away at an instant."""
        return set(_AWAY.rows(user_ids=list(user_ids), at=at))


calendars = Calendars()
absences = Absences()
