"""What can be done with members."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, UnsetType

from core import clock, search
from core.actor import Actor, current_actor
from core.auth import api as auth
from core.db.query import ListQuery, Page
from core.errors import NotFound
from core.events.log import publish
from core.revocations.api import revoke
from core.users import holdings, leaving, reporting, rights
from core.users.errors import AlreadyMember, HasLeft, LastOwner, StillLeaving
from core.users.events import MemberAdded, MemberChanged
from core.users.models import Membership
from core.users.repository import members
from core.users.schemas import MemberPatch, MemberRow, MemberView


def rows(query: ListQuery) -> Page[MemberRow]:
    """A page of members."""
    return members.rows(query)


def view(user_id: UUID) -> MemberView:
    """A member. Raises NotFound."""
    return members.shown(user_id)


def attach(email: str, codes: list[str]) -> MemberView:
    """Give somebody with an account a place, or a member more roles: the operator's word is the proof.

    Raises NotFound, Invalid for unknown roles, and LastOwner where the agency has no active owner afterwards.
    """
    user_id = auth.find(email)
    if user_id is None:
        raise NotFound(f"Nobody has the e-mail address {email}")
    members.hold_administration()
    if members.is_member(user_id):
        shown = _with_roles(user_id, codes)
    else:
        shown = join(user_id, codes, [], giver=current_actor())
    if members.owners() == 0:
        raise LastOwner("It has none yet: give somebody the role owner first")
    return shown


def _with_roles(user_id: UUID, codes: list[str]) -> MemberView:
    """A member with these roles besides those they have."""
    held = members.shown(user_id).roles
    return change(user_id, MemberPatch(roles=list(dict.fromkeys([*held, *codes]))), version=None)


def join(user_id: UUID, codes: list[str], team_ids: list[UUID], *, giver: Actor) -> MemberView:
    """Give a person a place, also one who left before. Raises AlreadyMember, StillLeaving, Invalid, Forbidden."""
    role_ids = rights.role_ids(codes, giver=giver)
    rights.check_teams(team_ids, codes, giver=giver)
    if members.is_member(user_id):
        raise AlreadyMember
    member = _former(user_id) or members.add(Membership(user_id=user_id, state="active"))
    member.state, member.updated_at = "active", clock.now()
    members.save()
    members.give_roles(user_id, role_ids)
    members.place_in_teams(user_id, team_ids)
    shown = members.shown(user_id)
    search.index("users.user", member.id, (shown.name, shown.email))
    publish(MemberAdded(user_id=user_id, roles=shown.roles, teams=shown.teams))
    # The lists of their roles hold for them from now on, in every process.
    revoke("member", user_id)
    return shown


def _former(user_id: UUID) -> Membership | None:
    """The place of somebody who has left, once nothing is theirs any more: neither rows to take away, nor old keys."""
    former = members.former(user_id)
    if former is None:
        return None
    members.lock(former)
    if holdings.of(user_id):
        raise StillLeaving("Try again in a moment. Where nobody has taken it over, see them off again and say who does")
    return former


def change(user_id: UUID, patch: MemberPatch, *, version: int | None) -> MemberView:
    """Change a member's state, roles, teams or superior. Raises LastOwner, HasLeft, Invalid, Forbidden."""
    members.hold_administration()
    member = members.of_user(user_id, version=version)
    if member.state == "left":
        raise HasLeft
    before = members.shown(user_id)
    _apply(member, patch, before)
    # The version is the member's as a whole, roles and teams included.
    member.updated_at = clock.now()
    members.save()
    leaving.refuse_without_owner(before)
    shown = members.shown(user_id)
    publish(
        MemberChanged(
            user_id=user_id,
            from_state=before.state,
            from_roles=before.roles,
            from_teams=before.teams,
            state=shown.state,
            roles=shown.roles,
            teams=shown.teams,
        )
    )
    revoke("member", user_id)
    if rights.OWNER in set(shown.roles) - set(before.roles):
        # Late: providers stand on members. Whether they may bring owners in is asked when these sign in.
        from core.oidc import sessions

        sessions.end([user_id])
    return shown


def _apply(member: Membership, patch: MemberPatch, before: MemberView) -> None:
    actor = current_actor()
    # Nobody takes from another what they could not give.
    rights.refuse_superior(member.user_id, giver=actor)
    if patch.state is not UNSET:
        member.state = patch.state
    if not isinstance(patch.roles, UnsetType):
        members.give_roles(member.user_id, rights.role_ids(patch.roles, giver=actor))
    if patch.roles is not UNSET or patch.teams is not UNSET:
        # Together: either one makes more of the other.
        codes = before.roles if patch.roles is UNSET else patch.roles
        team_ids = before.teams if patch.teams is UNSET else patch.teams
        rights.check_teams(team_ids, codes, giver=actor)
    if not isinstance(patch.teams, UnsetType):
        members.place_in_teams(member.user_id, patch.teams)
    if not isinstance(patch.reports_to, UnsetType):
        reporting.place_under(member, patch.reports_to)
