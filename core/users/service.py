"""What can be done with members."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET, UnsetType

from core import clock, fields, search
from core.actor import current_actor
from core.auth import identities
from core.auth.revocations import revoke
from core.db.query import ListQuery, Page
from core.errors import Fault, Forbidden, Invalid, NotFound
from core.events.log import publish
from core.roles import builtin
from core.roles.repository import roles
from core.users.errors import AccountElsewhere, AlreadyMember, LastOwner
from core.users.events import MemberAdded, MemberChanged
from core.users.models import Membership
from core.users.repository import members, teams
from core.users.schemas import MemberDraft, MemberPatch, MemberRow, MemberView


def rows(query: ListQuery) -> Page[MemberRow]:
    """A page of members."""
    return members.rows(query)


def view(user_id: UUID) -> MemberView:
    """A member. Raises NotFound."""
    return members.shown(members.of_user(user_id))


def add(draft: MemberDraft) -> MemberView:
    """Give somebody an account and a place. Raises AlreadyMember, AccountElsewhere, Invalid, Forbidden."""
    role_ids = _roles(draft.roles)
    _check_teams(draft.teams)
    user_id = identities.find(draft.email)
    if user_id is not None:
        # Whoever made that account knows its first password; it must not open a second agency's door.
        raise AlreadyMember if members.is_member(user_id) else AccountElsewhere
    user_id = _new_identity(draft)
    return _place(user_id, role_ids, draft.teams, roles=draft.roles)


def attach(email: str, codes: list[str]) -> MemberView:
    """Give somebody with an account a place in another agency: the operator's word is the proof. Raises NotFound."""
    user_id = identities.find(email)
    if user_id is None:
        raise NotFound(f"Nobody has the e-mail address {email}")
    if members.is_member(user_id):
        raise AlreadyMember
    return _place(user_id, _roles(codes), [], roles=codes)


def change(user_id: UUID, patch: MemberPatch, *, version: int | None) -> MemberView:
    """Change a member's state, roles or teams. Raises LastOwner, Invalid, Forbidden."""
    members.hold_administration()
    member = members.of_user(user_id, version=version)
    before = members.shown(member)
    if patch.state is not UNSET or patch.roles is not UNSET:
        # Nobody takes from another what they could not give.
        for code, role_id in members.roles_of(user_id).items():
            _refuse_escalation(code, role_id)
    if patch.state is not UNSET:
        member.state = patch.state
    if not isinstance(patch.roles, UnsetType):
        members.give_roles(user_id, _roles(patch.roles))
    if not isinstance(patch.teams, UnsetType):
        _check_teams(patch.teams)
        members.place_in_teams(user_id, patch.teams)
    # The version is the member's as a whole, roles and teams included.
    member.updated_at = clock.now()
    members.save()
    if members.administrators() == 0:
        raise LastOwner
    shown = members.shown(member)
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
    return shown


def _place(user_id: UUID, role_ids: list[UUID], team_ids: list[UUID], *, roles: list[str]) -> MemberView:
    member = members.add(Membership(user_id=user_id, state="active"))
    members.give_roles(user_id, role_ids)
    members.place_in_teams(user_id, team_ids)
    shown = members.shown(member)
    search.index("users.user", member.id, (shown.name, shown.email))
    publish(MemberAdded(user_id=user_id, roles=roles, teams=team_ids))
    return shown


def _new_identity(draft: MemberDraft) -> UUID:
    if draft.password is UNSET:
        message = "This person has no account yet; give them a first password"
        raise Invalid(errors=[Fault("/password", "required", message)])
    return identities.create(
        email=draft.email,
        name=draft.name,
        password=draft.password,
        language=fields.check_language(draft.language or "en"),
        zone=fields.check_zone(draft.zone or "UTC"),
    )


def _roles(codes: list[str]) -> list[UUID]:
    """The ids of roles. Raises Invalid for unknown ones, Forbidden for giving away more than one has."""
    found = roles.by_codes(codes)
    unknown = [code for code in codes if code not in found]
    if unknown:
        faults = [Fault(f"/roles/{codes.index(code)}", "unknown_role", f"There is no role {code}") for code in unknown]
        raise Invalid(errors=faults)
    for code in codes:
        _refuse_escalation(code, found[code])
    return [found[code] for code in dict.fromkeys(codes)]


def _refuse_escalation(code: str, role_id: UUID) -> None:
    actor = current_actor()
    for permission, scope in roles.grants_of(code, role_id).items():
        mine = actor.scope_of(permission)
        if mine is None or builtin.wider(mine, scope) != mine:
            raise Forbidden(f"The role {code} allows more than you may do yourself: {permission}")


def _check_teams(team_ids: list[UUID]) -> None:
    known = teams.known(team_ids)
    faults = [
        Fault(f"/teams/{number}", "unknown_team", "There is no such team")
        for number, team_id in enumerate(team_ids)
        if team_id not in known
    ]
    if faults:
        raise Invalid(errors=faults)
