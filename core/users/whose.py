"""Whose something is: its maker's at first, and somebody else's once it is handed over."""

from __future__ import annotations

from functools import partial
from typing import Protocol
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import Text, Uuid, bindparam, literal, select

from core.actor import acting_user_id, current_actor, default_team_id
from core.db import read
from core.errors import Fault, Invalid, gather
from core.http.structs import Draft
from core.users.models import Membership, Team

_ACTIVE = read.Query(
    select(Membership.user_id).where(
        Membership.user_id == bindparam("user_id", type_=Uuid()), Membership.state == literal("active", Text())
    ),
    lambda user_id: user_id,
)
_TEAM = read.Query(select(Team.id).where(Team.id == bindparam("team_id", type_=Uuid())), lambda team_id: team_id)


class Assignment(Draft):
    """The new owner, and their team; null for nobody."""

    owner_id: UUID | None
    team_id: UUID | None | UnsetType = UNSET


class Belonging(Protocol):
    """A row that belongs to a member, or to a team."""

    owner_id: UUID | None
    team_id: UUID | None


def settle(
    row: Belonging, *, owner_id: UUID | None | UnsetType, team_id: UUID | None | UnsetType, given_with: str
) -> None:
    """Say whose a new row is: its maker's and their team's, unless others are named.

    Making something somebody else's is handing it over: raises Forbidden without the permission for that, named by
    `given_with`, and Invalid for an owner who is no active member and a team that is none of the agency's.
    """
    actor = current_actor()
    others = {owner_id, team_id} - {UNSET, None, actor.user_id, *actor.team_ids}
    if others:
        actor.require(given_with)
    row.owner_id = acting_user_id() if owner_id is UNSET else owner_id
    row.team_id = default_team_id() if team_id is UNSET else team_id
    # That whoever acts is an active member, and in their teams, is known already; support need not be a member.
    if others or actor.impersonator_id is not None:
        _check(row.owner_id, row.team_id)


def hand_over(row: Belonging, assignment: Assignment) -> bool:
    """Give a row to another owner or team; whether that is any news. Raises Invalid as `settle` does."""
    before = (row.owner_id, row.team_id)
    after = (assignment.owner_id, row.team_id if assignment.team_id is UNSET else assignment.team_id)
    if after == before:
        return False
    _check(*after)
    row.owner_id, row.team_id = after
    return True


def _check(owner_id: UUID | None, team_id: UUID | None) -> None:
    gather(partial(_check_owner, owner_id), partial(_check_team, team_id))


def _check_owner(user_id: UUID | None) -> None:
    if user_id is not None and _ACTIVE.first(user_id=user_id) is None:
        raise Invalid(errors=[Fault("/owner_id", "unknown", "There is no such active member")])


def _check_team(team_id: UUID | None) -> None:
    if team_id is not None and _TEAM.first(team_id=team_id) is None:
        raise Invalid(errors=[Fault("/team_id", "unknown", "There is no such team")])
