"""The working time that holds for each team: its own calendar, else the agency's, else what goes without saying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Literal
from uuid import UUID

import msgspec

from core import clock
from core.calendars import holidays
from core.calendars.hours import Span, WorkingCalendar, calendar
from core.calendars.repository import Stored, calendars
from core.calendars.schemas import Closure, Hours, Week

_OFFICE = [Hours("09:00", "18:00")]
_WEEKDAYS = Week.__struct_fields__
# Holidays of the years around the present one; what is due later than that is no first response any more.
_YEARS = (-1, 0, 1, 2)


class InForce(msgspec.Struct, frozen=True):
    """The hours that hold for somebody, and where they come from."""

    source: Literal["team", "agency", "default"]
    calendar_id: UUID | None
    week: Week
    days_off: dict[date, str]
    """With what each is called."""
    hours: WorkingCalendar


class Calendars:
    """Every calendar of the acting agency, read with one statement; each is worked out when it is first asked for."""

    def __init__(self) -> None:
        stored = calendars.every()
        self._agency = stored[0]
        self._stored = {each.team_id: each for each in stored if each.calendar_id is not None}
        self._known: dict[UUID | None, InForce] = {}

    def of(self, team_id: UUID | None) -> WorkingCalendar:
        """The hours of a team, or of the agency where there is none."""
        return self.in_force(team_id).hours

    def in_force(self, team_id: UUID | None) -> InForce:
        """The same with where they come from."""
        key = team_id if team_id in self._stored else None
        if key not in self._known:
            own = self._stored.get(key)
            self._known[key] = _stored(own) if own is not None else _default(self._agency)
        return self._known[key]


def of_team(team_id: UUID | None) -> WorkingCalendar:
    """The working hours of a team of the acting agency, or of the agency. One statement."""
    return Calendars().of(team_id)


def spans(hours: Iterable[Hours]) -> list[Span]:
    """Wall-clock times as minutes of the day."""
    return [Span(_minute(each.opens), _minute(each.closes)) for each in hours]


def days_of(closure: Closure) -> Iterator[date]:
    """Each day of a closure."""
    for number in range((closure.last - closure.first).days + 1):
        yield closure.first + timedelta(days=number)


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _stored(row: Stored) -> InForce:
    zone, week = row.zone or row.agency_zone, row.week or Week()
    off = _holidays(row.country, row.subdivision, row.language, zone)
    off |= {day: closure.name for closure in row.closures or () for day in days_of(closure)}
    extra = {each.day: spans(each.hours) for each in row.openings or ()}
    hours = calendar(zone, map(spans, week.days), closed=off, extra=extra)
    source: Literal["team", "agency"] = "agency" if row.team_id is None else "team"
    return InForce(source, row.calendar_id, week, {day: off[day] for day in off if day not in extra}, hours)


def _default(agency: Stored) -> InForce:
    """Nine to six on what are no weekends and no public holidays in the agency's country."""
    zone, country = agency.agency_zone, agency.agency_country
    free = holidays.weekend(country, clock.today(zone).year)
    week = Week(**{name: _OFFICE for number, name in enumerate(_WEEKDAYS) if number not in free})
    off = _holidays(country, None, agency.language, zone)
    return InForce("default", None, week, off, calendar(zone, map(spans, week.days), closed=off))


def _holidays(country: str | None, subdivision: str | None, language: str, zone: str) -> dict[date, str]:
    if country is None:
        return {}
    year = clock.today(zone).year
    of_years = (holidays.names(country, subdivision, year + number, language).items() for number in _YEARS)
    return dict(chain.from_iterable(of_years))
