"""Who may be told about a lead."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from core.sdk import Actor, Fault, Invalid, users

from .. import permissions
from ..repository import Standing, standing


def seeing(lead: Standing, user_ids: Iterable[UUID]) -> list[UUID]:
    """The active members among these who may see the lead as it stands."""
    return [user_id for user_id, actor in users.actors(user_ids).items() if _may_see(actor, lead)]


def managers(team_id: UUID | None) -> list[UUID]:
    """Who hands out the leads of a team: those of its members who may, or else whoever may in the whole agency."""
    holders = users.actors(users.holders(permissions.ASSIGN.name)).values()
    may = [each for each in holders if _may_hand_out(each, team_id)]
    of_team = [each for each in may if team_id in each.team_ids]
    return [each.user_id for each in of_team or may if each.user_id is not None]


def check(lead_id: UUID, mentions: list[UUID]) -> list[UUID]:
    """Each colleague once; raises Invalid for those who are no active members or may not see the lead."""
    lead = standing(lead_id) if mentions else None
    if lead is None:
        return []
    members = users.actors(mentions)
    faults = []
    for number, user_id in enumerate(mentions):
        if user_id not in members:
            faults.append(Fault(f"/mentions/{number}", "unknown", "There is no such active member"))
        elif not _may_see(members[user_id], lead):
            faults.append(Fault(f"/mentions/{number}", "cannot_see", "This colleague may not see the lead"))
    if faults:
        raise Invalid(errors=faults)
    return list(dict.fromkeys(mentions))


def _may_hand_out(actor: Actor, team_id: UUID | None) -> bool:
    # Not as its owner: everybody may hand over what is theirs. Who does not see it hands nothing out.
    may = (permissions.ASSIGN.name, permissions.READ.name)
    return all(actor.reaches(each, owner_id=None, team_id=team_id) for each in may)


def _may_see(actor: Actor, lead: Standing) -> bool:
    return actor.reaches(permissions.READ.name, owner_id=lead.owner_id, team_id=lead.team_id)
