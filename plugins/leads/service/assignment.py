"""Handing leads over."""

from __future__ import annotations

from uuid import UUID

from core.sdk import UNSET, HandedOver, publish, users

from ..errors import AlreadyWon
from ..events import LeadAssigned, LeadGivenOut, LeadNotGivenOut
from ..models import Lead
from ..repository import leads
from ..schemas import LeadDraft, LeadView
from . import routing, sla


def give_out(lead: Lead, draft: LeadDraft) -> routing.Decision | None:
    """Have the agency's rules say whose a new lead is where nobody is named, and how much it hurries."""
    lead.priority = (routing.priority_of(lead) or "normal") if draft.priority is UNSET else draft.priority
    if (draft.owner_id, draft.team_id) != (UNSET, UNSET):
        # Nobody is chosen then: that would be somebody's turn.
        return None
    decided = routing.decide(lead)
    if decided is None or decided.because is None:
        return None
    lead.owner_id, lead.team_id, lead.assigned_because = decided.owner_id, decided.team_id, decided.because
    return decided


def tell(lead: Lead, decided: routing.Decision | None) -> None:
    """Record what the rules made of a new lead."""
    if decided is None or decided.because is None:
        return
    asked = [applied.rule_id for applied in decided.because.rules]
    if decided.owner_id is None:
        publish(LeadNotGivenOut(lead_id=lead.id, rule_ids=asked, team_id=lead.team_id))
    else:
        owner_id, rule_id = decided.owner_id, asked[-1]
        publish(LeadGivenOut(lead_id=lead.id, rule_id=rule_id, owner_id=owner_id, team_id=lead.team_id))


def assign(lead_id: UUID, assignment: users.Assignment, *, version: int | None) -> LeadView:
    """Give a lead to another owner or team. Raises AlreadyWon, Invalid, NotFound, PreconditionFailed."""
    changed = give(lead_id, assignment, version=version)
    return leads.written(lead_id) if changed else leads.shown(lead_id)


def give(lead_id: UUID, assignment: users.Assignment, *, version: int | None) -> bool:
    """The same, where nobody reads it then; whether that is news."""
    lead = leads.get(lead_id, version=version)
    from_owner_id, from_team_id = lead.owner_id, lead.team_id
    if lead.status == "won":
        raise AlreadyWon
    if not users.hand_over(lead, assignment):
        return False
    if lead.assigned_because is not None:
        # Since now it is somebody's word.
        lead.assigned_because = None
    if lead.team_id != from_team_id:
        sla.reckon(lead)
    leads.save()
    event = LeadAssigned(lead_id=lead.id, from_owner_id=from_owner_id, owner_id=lead.owner_id, team_id=lead.team_id)
    publish(event, of=lead)
    return True


def record(what: HandedOver) -> None:
    """Write down that leads got another owner because theirs left."""
    for row in what.rows:
        publish(
            LeadAssigned(
                lead_id=row.id,
                from_owner_id=what.from_owner_id,
                owner_id=what.owner_id,
                team_id=row.team_id,
                owner_left=True,
            ),
            of=what.changed,
        )
