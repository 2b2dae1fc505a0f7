"""Handing leads over."""

from __future__ import annotations

from uuid import UUID

from core.sdk import UNSET, Fault, Invalid, publish, users

from ..errors import AlreadyWon
from ..events import LeadAssigned
from ..repository import WHOLE, leads
from ..schemas import Assignment, LeadView


def assign(lead_id: UUID, assignment: Assignment, *, version: int | None) -> LeadView:
    """Give a lead to another owner or team. Raises AlreadyWon, Invalid, NotFound, PreconditionFailed."""
    lead = leads.get(lead_id, version=version)
    if lead.status == "won":
        raise AlreadyWon
    team_id = lead.team_id if assignment.team_id is UNSET else assignment.team_id
    check(assignment.owner_id, team_id)
    before = lead.owner_id
    lead.owner_id, lead.team_id = assignment.owner_id, team_id
    publish(LeadAssigned(lead_id=lead.id, from_owner_id=before, owner_id=lead.owner_id, team_id=lead.team_id), of=lead)
    leads.save()
    # After the hand-over it may be beyond the caller's scope; they still see what they have done.
    return leads.view_after_change(lead.id, WHOLE, LeadView)


def check(owner_id: UUID | None, team_id: UUID | None) -> None:
    """Raise Invalid unless the owner is an active member and the team exists."""
    faults = []
    if owner_id is not None and not users.is_active_member(owner_id):
        faults.append(Fault("/owner_id", "unknown", "There is no such active member"))
    if team_id is not None and not users.is_team(team_id):
        faults.append(Fault("/team_id", "unknown", "There is no such team"))
    if faults:
        raise Invalid(errors=faults)
