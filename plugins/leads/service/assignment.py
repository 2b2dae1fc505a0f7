"""Handing leads over."""

from __future__ import annotations

from uuid import UUID

from core.sdk import HandedOver, publish, users

from ..errors import AlreadyWon
from ..events import LeadAssigned
from ..repository import leads
from ..schemas import LeadView
from . import sla


def assign(lead_id: UUID, assignment: users.Assignment, *, version: int | None) -> LeadView:
    """Give a lead to another owner or team. Raises AlreadyWon, Invalid, NotFound, PreconditionFailed."""
    lead = leads.get(lead_id, version=version)
    from_owner_id, from_team_id = lead.owner_id, lead.team_id
    if lead.status == "won":
        raise AlreadyWon
    if not users.hand_over(lead, assignment):
        return leads.shown(lead.id)
    if lead.team_id != from_team_id:
        sla.reckon(lead)
    leads.save()
    event = LeadAssigned(lead_id=lead.id, from_owner_id=from_owner_id, owner_id=lead.owner_id, team_id=lead.team_id)
    publish(event, of=lead)
    return leads.written(lead.id)


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
