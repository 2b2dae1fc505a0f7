"""The pipeline: which status follows which, and what each step asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, cast
from uuid import UUID

from core.sdk import (
    Fault,
    Invalid,
    ListQuery,
    Page,
    acting_user_id,
    agencies,
    clock,
    current_actor,
    fields,
    gather,
    is_on,
    publish,
    settings_of,
)

from .. import permissions
from ..errors import MoveNotAllowed
from ..events import LeadLost, LeadMoved, LeadWon
from ..models import Lead, StatusChange
from ..repository import leads, steps
from ..repository.first_response import first_reached
from ..repository.merges import merged_into
from ..schemas import LeadView, Move, Status, StatusChangeView
from ..settings import LeadSettings
from . import sla

OPEN: tuple[Status, ...] = ("new", "contacted", "qualified", "proposal_sent", "negotiation", "on_hold")


CONTACT: tuple[Status, ...] = ("contacted", "proposal_sent")
"""What a lead becomes as its client hears of the agency; one can be qualified by what the client wrote."""


_ENTERED_LATER = timedelta(days=7)
"""Who calls on the evening before a holiday may be entered after it."""


class Step(NamedTuple):
    """One way into a status."""

    sources: tuple[Status, ...]
    guard: Callable[[Lead, Move], list[Fault]]
    proof: str | None = None
    """The plugin whose event proves the step; while it is off, an agent's note stands in for it."""


def history(lead_id: UUID, query: ListQuery) -> Page[StatusChangeView]:
    """A page of the steps a lead took, and those that went into it, oldest first. Raises NotFound, MergedAway."""
    return steps.rows(leads.with_merged(lead_id), query)


def move(lead_id: UUID, step: Move, *, version: int | None) -> LeadView:
    """Take a lead to another status. Raises MoveNotAllowed, Invalid, Forbidden, NotFound, PreconditionFailed."""
    take(lead_id, step, version=version)
    return leads.written(lead_id)


def take(lead_id: UUID, step: Move, *, version: int | None) -> None:
    """The same, where nobody reads it then."""
    lead = leads.get(lead_id, version=version)
    left, manual = lead.status, _check(lead, step)
    taken = _taken(lead, step, manual=manual)
    lead.status, lead.status_since = step.to, clock.now()
    if step.to == "lost":
        sla.waive(lead)
    elif step.to in CONTACT:
        sla.answer(lead, clock.now())
    lead.hold_until = step.hold_until if step.to == "on_hold" else None
    lead.lost_reason = step.reason if step.to == "lost" else None
    lead.recycle_on = step.recycle_on if step.to == "lost" else None
    lead.back_on = lead.hold_until or lead.recycle_on
    leads.save()
    steps.append(taken)
    publish(LeadMoved(lead_id=lead.id, from_status=left, to_status=step.to, manual=manual), of=lead)
    _announce(lead)


def begin(lead: Lead) -> None:
    """Write the first line of a new lead's history."""
    steps.append(StatusChange(lead_id=lead.id, to_status=lead.status, author_id=acting_user_id(), manual=False))


def reached(lead_id: UUID, at: datetime) -> None:
    """Note that the client of a lead was contacted, say by a message: `contacted` where there was no contact before."""
    leads.lock(lead_id)
    contacted(leads.get(lead_id), at)
    leads.save()


def contacted(lead: Lead, at: datetime) -> None:
    """Note that there was contact with the client of a lead: what was logged proves it.

    What was said long before the lead came in was about something else; what came by a file came in before that.
    """
    if at < lead.created_at - _ENTERED_LATER and not lead.imported:
        return
    sla.answer(lead, at)
    if lead.status == "new":
        _follow(lead, "contacted")


def take_over(lead: Lead, other: Lead) -> None:
    """Let contact with the client about a lead that goes into this one be about this one, too."""
    at = other.responded_at or first_reached(CONTACT, [other.id, *merged_into(other.id)])
    if at is None:
        return
    sla.take_over(lead, at)
    if lead.status == "new":
        _follow(lead, "contacted")


def give_back(lead: Lead, status: str) -> None:
    """Take a lead to where it was before another one went into it."""
    if lead.status != status:
        _follow(lead, cast("Status", status))


def _follow(lead: Lead, to: Status) -> None:
    """Take a step that follows from what happened."""
    left, taken = lead.status, _taken(lead, Move(to=to), manual=False)
    lead.status, lead.status_since = to, clock.now()
    leads.save()
    steps.append(taken)
    publish(LeadMoved(lead_id=lead.id, from_status=left, to_status=to, manual=False), of=lead)


def _taken(lead: Lead, step: Move, *, manual: bool) -> StatusChange:
    """The line of the history for a step out of the lead's present status."""
    return StatusChange(
        lead_id=lead.id,
        from_status=lead.status,
        to_status=step.to,
        seconds_in_status=int((clock.now() - lead.status_since).total_seconds()),
        author_id=acting_user_id(),
        note=step.note,
        reason=step.reason,
        manual=manual,
    )


def _announce(lead: Lead) -> None:
    if lead.status == "won":
        publish(LeadWon(lead_id=lead.id, owner_id=lead.owner_id))
    elif lead.status == "lost":
        publish(LeadLost(lead_id=lead.id, reason=lead.lost_reason or ""))


def _check(lead: Lead, step: Move) -> bool:
    """Whether the step rests on the agent's word alone. Raises when it is not possible."""
    way = STEPS.get(step.to)
    if way is None or lead.status not in way.sources:
        raise MoveNotAllowed(f"From {lead.status} a lead cannot go to {step.to}")
    if lead.status == "won":
        current_actor().require(permissions.REOPEN.name)
    days = {"hold_until": step.hold_until, "recycle_on": step.recycle_on}
    gather(*(partial(fields.check_day, day, pointer=f"/{name}") for name, day in days.items() if day is not None))
    faults = way.guard(lead, step)
    manual = way.proof is not None and not is_on(way.proof)
    if manual and not step.note:
        faults.append(Fault("/note", "required", f"Write down what happened: nothing else proves {step.to}"))
    if faults:
        raise Invalid(errors=faults)
    return manual


def _free(lead: Lead, step: Move) -> list[Fault]:
    return []


def _qualified(lead: Lead, step: Move) -> list[Fault]:
    """Enough is known to plan: where (or open), when, who, and a budget band."""
    missing = {
        "destinations": bool(lead.destinations),
        "date_mode": lead.date_mode is not None,
        "adults": bool(lead.adults),
        "budget": lead.budget_minor is not None,
    }
    return [
        Fault(f"/{name}", "required", f"The lead needs {name} before it is qualified")
        for name, there in missing.items()
        if not there
    ]


def _on_hold(lead: Lead, step: Move) -> list[Fault]:
    if step.hold_until is None:
        return [Fault("/hold_until", "required", "Say until when the lead is on hold")]
    if step.hold_until < clock.today(agencies.agency_view().zone):
        return [Fault("/hold_until", "past", "This day is over")]
    return []


def _lost(lead: Lead, step: Move) -> list[Fault]:
    reasons = settings_of(LeadSettings).lost_reasons
    faults = []
    if step.reason not in reasons:
        known = ", ".join(reasons)
        faults.append(Fault("/reason", "choice", f"Give a reason why it was lost: {known}"))
    if not step.note:
        faults.append(Fault("/note", "required", "Write down how it was lost"))
    return faults


STEPS: dict[Status, Step] = {
    "contacted": Step(("new",), _free, proof="communications"),
    "qualified": Step(("new", "contacted", "lost"), _qualified),
    "proposal_sent": Step(("qualified",), _free, proof="quotes"),
    "negotiation": Step(("proposal_sent", "on_hold", "won"), _free),
    "on_hold": Step(("proposal_sent", "negotiation"), _on_hold),
    "won": Step(("proposal_sent", "negotiation", "on_hold"), _free, proof="quotes"),
    "lost": Step(OPEN, _lost),
}
