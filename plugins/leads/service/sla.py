"""First responses: when they are due in working time, what stops the clock, and what is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.sdk import Changed, calendars, clock, current_agency_id, publish

from ..events import FirstResponseDue, FirstResponseGiven, FirstResponseOverdue, FirstResponseTargetsChanged
from ..models import Lead
from ..models.rules import ResponseTargets
from ..repository import first_response
from ..schemas.first_response import FirstResponseTargets
from . import policy

_AWAITED = ("pending", "overdue")
_MINUTE = timedelta(minutes=1)
_MARKED = Changed({"response_state": "pending"}, {"response_state": "overdue"})


def targets() -> FirstResponseTargets:
    """Within how many working minutes leads get a first response."""
    return first_response.targets()


def change_targets(wanted: FirstResponseTargets) -> FirstResponseTargets:
    """Say so anew, for leads that come in from now on."""
    row = first_response.targets_row()
    if row is None:
        row = ResponseTargets()
        _take(row, wanted)
        first_response.add_targets(row)
    else:
        _take(row, wanted)
    publish(
        FirstResponseTargetsChanged(
            agency_id=current_agency_id(), urgent=wanted.urgent, high=wanted.high, normal=wanted.normal, low=wanted.low
        )
    )
    policy.forget()
    return wanted


def begin(lead: Lead) -> None:
    """Say when a lead that comes in is to get a first response, where the agency set that for its priority."""
    limit: int | None = getattr(policy.current().targets, lead.priority)
    if limit is not None:
        now = clock.now()
        lead.response_due_at, lead.response_state = calendars.of_team(lead.team_id).add(now, limit), "pending"


def announce(lead: Lead) -> None:
    """Tell when a response is due, so that somebody looks then."""
    if lead.response_state == "pending" and lead.response_due_at is not None:
        publish(FirstResponseDue(lead_id=lead.id, due_at=lead.response_due_at))


def reckon(lead: Lead) -> None:
    """Say anew when a response that is not overdue yet is due: the lead went to another team."""
    first_response.lock(lead)
    if lead.response_state == "pending":
        _due_anew(lead)


def hurry(lead: Lead) -> None:
    """The same where a lead hurries otherwise; a clock that never ran starts, as of when the client asked."""
    first_response.lock(lead)
    never = lead.response_state is None and lead.status == "new" and not lead.imported
    if never or lead.response_state == "pending":
        _due_anew(lead)


def answer(lead: Lead, at: datetime) -> None:
    """Stop the clock of a lead whose client was contacted; only the first contact does."""
    if lead.response_state not in _AWAITED or lead.response_due_at is None:
        return
    taken = _respond(lead, at, due_at=lead.response_due_at)
    publish(FirstResponseGiven(lead_id=lead.id, in_time=lead.response_state == "met", working_minutes=taken))


def take_over(lead: Lead, at: datetime) -> None:
    """Let contact with the client about a lead that went into this one be about this one, where it came first."""
    if lead.response_state == "waived" or lead.response_due_at is None:
        return
    if lead.responded_at is None or at < lead.responded_at:
        _respond(lead, at, due_at=lead.response_due_at)


def waive(lead: Lead) -> None:
    """Await no response any more: the lead was lost before there was one."""
    if lead.response_state in _AWAITED:
        lead.response_state = "waived"


def find_overdue() -> bool:
    """Tell of a batch of leads whose response is overdue, of each once; whether there may be more."""
    found = first_response.take_overdue(clock.now())
    for each in found:
        told = FirstResponseOverdue(
            lead_id=each.lead_id, owner_id=each.owner_id, team_id=each.team_id, due_at=each.due_at
        )
        publish(told, of=_MARKED)
    return len(found) == first_response.BATCH


def _due_anew(lead: Lead) -> None:
    limit: int | None = getattr(policy.current().targets, lead.priority)
    if limit is None:
        lead.response_state = lead.response_due_at = None
        return
    lead.response_due_at, lead.response_state = calendars.of_team(lead.team_id).add(lead.created_at, limit), "pending"
    announce(lead)


def _respond(lead: Lead, at: datetime, *, due_at: datetime) -> int:
    """Write down when the client heard of the agency; the working minutes that took."""
    # Who calls is often entered as a lead afterwards: they were not answered quicker than at once.
    lead.responded_at = max(at, lead.created_at)
    taken = calendars.of_team(lead.team_id).between(lead.created_at, lead.responded_at) // _MINUTE
    lead.response_minutes = taken
    lead.response_state = "met" if lead.responded_at <= due_at else "late"
    return taken


def _take(row: ResponseTargets, wanted: FirstResponseTargets) -> None:
    row.urgent, row.high, row.normal, row.low = wanted.urgent, wanted.high, wanted.normal, wanted.low
