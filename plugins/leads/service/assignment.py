"""Handing leads over."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from core.sdk import UNSET, HandedOver, gather, publish, users

from ..errors import AlreadyWon
from ..events import LeadAssigned
from ..repository import leads
from ..schemas import Assignment, LeadView


def assign(lead_id: UUID, assignment: Assignment, *, version: int | None) -> LeadView:
    """Give a lead to another owner or team. Raises AlreadyWon, Invalid, NotFound, PreconditionFailed."""
    lead = leads.get(lead_id, version=version)
    before = lead.owner_id, lead.team_id
    after = assignment.owner_id, lead.team_id if assignment.team_id is UNSET else assignment.team_id
    if lead.status == "won":
        raise AlreadyWon
    if after == before:
        return leads.shown(lead.id)
    check(*after)
    lead.owner_id, lead.team_id = after
    leads.save()
    event = LeadAssigned(lead_id=lead.id, from_owner_id=before[0], owner_id=lead.owner_id, team_id=lead.team_id)
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
            )
        )


def check(owner_id: UUID | None, team_id: UUID | None) -> None:
    """Raise Invalid unless the owner is an active member and the team exists."""
    gather(partial(users.check_owner, owner_id), partial(users.check_team, team_id))
