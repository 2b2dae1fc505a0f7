"""What somebody may give to others: never more than they have, and only an owner makes or unmakes owners."""

from __future__ import annotations

from uuid import UUID

from core.actor import Actor, Scope
from core.errors import Fault, Forbidden, Invalid
from core.roles import builtin
from core.roles.repository import roles
from core.users.repository import members, teams

OWNER = "owner"


def role_ids(codes: list[str], *, giver: Actor) -> list[UUID]:
    """The ids of roles that somebody gives. Raises Invalid for unknown ones, Forbidden for more than they have."""
    found = roles.by_codes(codes)
    unknown = [code for code in codes if code not in found]
    if unknown:
        faults = [Fault(f"/roles/{codes.index(code)}", "unknown_role", f"There is no role {code}") for code in unknown]
        raise Invalid(errors=faults)
    for code in dict.fromkeys(codes):
        refuse_beyond(code, found[code], giver=giver)
    return [found[code] for code in dict.fromkeys(codes)]


def refuse_superior(user_id: UUID, *, giver: Actor) -> None:
    """Raise Forbidden where a member holds what the other could not give: nobody takes that from them either."""
    for code, role_id in members.roles_of(user_id).items():
        refuse_beyond(code, role_id, giver=giver)


def refuse_beyond(code: str, role_id: UUID, *, giver: Actor) -> None:
    """Raise Forbidden where a role allows more than the giver may do, or is the owner's and they are none."""
    # Owners and administrators may do the same; that no administrator gets rid of the owners is all that differs.
    if code == OWNER and giver.kind != "system" and not _is_owner(giver.user_id):
        raise Forbidden("Only an owner may make somebody an owner, or take that from them")
    for permission, scope in roles.grants_of(code, role_id).items():
        mine = giver.scope_of(permission)
        if mine is None or builtin.wider(mine, scope) != mine:
            raise Forbidden(f"The role {code} allows more than you may do yourself: {permission}")


def check_teams(team_ids: list[UUID], codes: list[str], *, giver: Actor) -> None:
    """Raise Invalid for ids that are no teams of the agency, Forbidden for teams whose rows the giver may not see.

    What a member sees of a team is what the roles with these codes let them.
    """
    known = teams.known(team_ids)
    faults = [
        Fault(f"/teams/{number}", "unknown_team", "There is no such team")
        for number, team_id in enumerate(team_ids)
        if team_id not in known
    ]
    if faults:
        raise Invalid(errors=faults)
    if giver.team_ids.issuperset(team_ids):
        return
    for code, role_id in roles.by_codes(codes).items():
        for permission, scope in roles.grants_of(code, role_id).items():
            if scope is Scope.TEAM and giver.scope_of(permission) is not Scope.ALL:
                raise Forbidden(f"In a team you are not in, the role {code} allows more than you may: {permission}")


def _is_owner(user_id: UUID | None) -> bool:
    return user_id is not None and OWNER in members.roles_of(user_id)
