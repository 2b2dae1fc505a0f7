"""Working time over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.calendars import absences, permissions, service
from core.calendars.repository import Absences, Calendars
from core.calendars.schemas import (
    AbsenceDraft,
    AbsenceView,
    CalendarDraft,
    CalendarPatch,
    CalendarView,
    Whose,
    WorkingTime,
)
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint

blueprint = Blueprint("calendars", description="Working hours, holidays, and who is away.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Calendars.listing)
@blueprint.response(200, Page[CalendarView])
def search(query: ListQuery) -> Page[CalendarView]:
    """List calendars: the agency's own, and those of teams."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.MANAGE, problems=(409,))
@blueprint.arguments(CalendarDraft)
@blueprint.response(201, CalendarView)
def create(draft: CalendarDraft) -> CalendarView:
    """Give the agency or a team working hours."""
    return service.create(draft)


@blueprint.get("/working-time", permission=permissions.READ)
@blueprint.query(Whose)
@blueprint.response(200, WorkingTime)
def show_working_time(whose: Whose) -> WorkingTime:
    """Show the working time that holds for a team or the agency, and whether it is open now."""
    return service.working_time(whose.team_id)


@blueprint.get("/<uuid:calendar_id>", permission=permissions.READ)
@blueprint.response(200, CalendarView)
def show(calendar_id: UUID) -> CalendarView:
    """Show a calendar."""
    return service.view(calendar_id)


@blueprint.patch("/<uuid:calendar_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.arguments(CalendarPatch)
@blueprint.response(200, CalendarView)
def change(patch: CalendarPatch, calendar_id: UUID, version: int | None) -> CalendarView:
    """Change working hours or days off."""
    return service.change(calendar_id, patch, version=version)


@blueprint.delete("/<uuid:calendar_id>", permission=permissions.MANAGE)
@blueprint.if_match
@blueprint.response(204)
def delete(calendar_id: UUID, version: int | None) -> None:
    """Have a team work by the agency's hours again, or the agency by the usual ones."""
    service.delete(calendar_id, version=version)


@blueprint.get("/absences", permission=permissions.READ)
@blueprint.listing(Absences.listing)
@blueprint.response(200, Page[AbsenceView])
def search_absences(query: ListQuery) -> Page[AbsenceView]:
    """List who is away when."""
    return absences.rows(query)


@blueprint.post("/absences", permission=permissions.ABSENCES)
@blueprint.arguments(AbsenceDraft)
@blueprint.response(201, AbsenceView)
def create_absence(draft: AbsenceDraft) -> AbsenceView:
    """Say that you, or with the scope all somebody else, are away."""
    return absences.create(draft)


@blueprint.get("/absences/<uuid:absence_id>", permission=permissions.READ)
@blueprint.response(200, AbsenceView)
def show_absence(absence_id: UUID) -> AbsenceView:
    """Show an absence."""
    return absences.view(absence_id)


@blueprint.delete("/absences/<uuid:absence_id>", permission=permissions.ABSENCES)
@blueprint.if_match
@blueprint.response(204)
def delete_absence(absence_id: UUID, version: int | None) -> None:
    """Say that somebody is not away after all."""
    absences.delete(absence_id, version=version)
