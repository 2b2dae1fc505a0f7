"""What can be done with calendars."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import UNSET

from core import clock, fields
from core.agencies import api as agencies
from core.calendars import holidays
from core.calendars.errors import CalendarExists
from core.calendars.events import CalendarChanged, CalendarCreated, CalendarDeleted
from core.calendars.hours import NeverOpens, WorkingCalendar, joined
from core.calendars.models import Calendar
from core.calendars.repository import calendars
from core.calendars.schemas import (
    CalendarDraft,
    CalendarPatch,
    CalendarView,
    Closure,
    DayOff,
    Hours,
    Opening,
    Week,
    WorkingTime,
)
from core.calendars.working import Calendars, spans
from core.db.query import ListQuery, Page
from core.errors import Fault, Invalid, NotFound, gather
from core.events.log import publish
from core.users.repository import teams

_A_YEAR = timedelta(days=366)


def rows(query: ListQuery) -> Page[CalendarView]:
    """A page of calendars."""
    return calendars.rows(query)


def view(calendar_id: UUID) -> CalendarView:
    """A calendar. Raises NotFound."""
    return calendars.shown(calendar_id)


def working_time(team_id: UUID | None) -> WorkingTime:
    """The working time that holds for a team, or for the agency. Raises NotFound for a team that there is not."""
    if team_id is not None and team_id not in teams.known([team_id]):
        raise NotFound
    found, now = Calendars().in_force(team_id), clock.now()
    today = clock.today(found.hours.zone)
    coming = [DayOff(day, name) for day, name in sorted(found.days_off.items()) if today <= day < today + _A_YEAR]
    return WorkingTime(
        source=found.source,
        calendar_id=found.calendar_id,
        zone=found.hours.zone,
        week=found.week,
        is_open=found.hours.is_open(now),
        next_opening=_next_opening(found.hours),
        days_off=[each for each in coming if found.hours.week[each.day.weekday()]],
    )


def create(draft: CalendarDraft) -> CalendarView:
    """Give the agency or a team working hours. Raises CalendarExists, Invalid."""
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    if draft.country is UNSET:
        given["country"] = agencies.agency_view().country if draft.subdivision is None else None
    _check(given, country=given["country"], subdivision=draft.subdivision, said=draft.country is not UNSET)
    if calendars.has(draft.team_id):
        raise CalendarExists
    made = calendars.add(Calendar(**given))
    publish(CalendarCreated(calendar_id=made.id, team_id=made.team_id))
    return calendars.shown(made.id)


def change(calendar_id: UUID, patch: CalendarPatch, *, version: int | None) -> CalendarView:
    """Change working hours or days off. Raises NotFound, PreconditionFailed, Invalid."""
    changed, changes = calendars.get(calendar_id, version=version), patch.changes()
    if not changes:
        return calendars.shown(calendar_id)
    country, subdivision = (changes.get(name, getattr(changed, name)) for name in ("country", "subdivision"))
    _check(changes, country=country, subdivision=subdivision, said=bool(changes.keys() & {"country", "subdivision"}))
    for name, value in changes.items():
        setattr(changed, name, value)
    publish(CalendarChanged(calendar_id=changed.id, team_id=changed.team_id, fields=sorted(changes)))
    calendars.save()
    return calendars.shown(calendar_id)


def delete(calendar_id: UUID, *, version: int | None) -> None:
    """Have a team work by the agency's hours again, or the agency by those that hold without any set-up."""
    gone = calendars.get(calendar_id, version=version)
    publish(CalendarDeleted(calendar_id=gone.id, team_id=gone.team_id))
    calendars.remove(gone)


def _next_opening(hours: WorkingCalendar) -> Any:
    try:
        return hours.next_opening(clock.now())
    except NeverOpens:
        return None


def _check(given: dict[str, Any], *, country: str | None, subdivision: str | None, said: bool) -> None:
    checks: list[Callable[[], object]] = []
    if given.get("team_id") is not None:
        checks.append(partial(_check_team, given["team_id"]))
    if given.get("zone") is not None:
        checks.append(partial(fields.check_zone, given["zone"]))
    if said or subdivision is not None:
        checks.append(partial(_check_place, country, subdivision))
    checks += [partial(check, given[name]) for name, check in _CHECKS.items() if name in given]
    gather(*checks)


def _check_team(team_id: UUID) -> None:
    if team_id not in teams.known([team_id]):
        raise Invalid(errors=[Fault("/team_id", "unknown", "There is no such team")])


def _check_place(country: str | None, subdivision: str | None) -> None:
    if country is None and subdivision is not None:
        raise Invalid(errors=[Fault("/subdivision", "no_country", "Name the country that it is a part of")])
    if country is not None:
        holidays.check(fields.check_country(country), subdivision)


def _check_week(week: Week) -> None:
    named = zip(Week.__struct_fields__, week.days, strict=True)
    faults = [fault for name, hours in named for fault in _faults(hours, f"/week/{name}")]
    if not faults and not any(week.days):
        faults = [Fault("/week", "never_open", "Say at least one time of the week at which it is open")]
    if faults:
        raise Invalid(errors=faults)


def _check_closures(closures: list[Closure]) -> None:
    faults = []
    for number, each in enumerate(closures):
        if each.last < each.first:
            faults.append(Fault(f"/closures/{number}/last", "order", "The last day comes before the first"))
        elif each.last - each.first > _A_YEAR:
            faults.append(Fault(f"/closures/{number}/last", "too_long", "This is more than a year"))
    if faults:
        raise Invalid(errors=faults)


def _check_openings(openings: list[Opening]) -> None:
    days: set[object] = set()
    faults: list[Fault] = []
    for number, each in enumerate(openings):
        faults += _faults(each.hours, f"/openings/{number}/hours")
        if each.day in days:
            faults.append(Fault(f"/openings/{number}/day", "twice", "This day is there already"))
        days.add(each.day)
    if faults:
        raise Invalid(errors=faults)


_CHECKS: dict[str, Callable[[Any], None]] = {
    "week": _check_week,
    "closures": _check_closures,
    "openings": _check_openings,
}


def _faults(hours: Iterable[Hours], pointer: str) -> list[Fault]:
    found = []
    for number, each in enumerate(hours):
        try:
            joined(spans([each]))
        except ValueError:
            found.append(Fault(f"{pointer}/{number}/closes", "order", "It closes before it opens"))
    return found
