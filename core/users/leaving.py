"""Members who leave: their place ends at once, and what they own goes to their successors."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.actor import Scope, current_actor
from core.auth import api as auth
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.errors import Fault, Forbidden, Invalid
from core.events.log import publish
from core.revocations.api import revoke
from core.users import colleagues, holdings, jobs, reporting, rights
from core.users.errors import HasLeft, LastOwner, StillHolds
from core.users.events import MemberLeft
from core.users.holdings import Held
from core.users.models import Membership
from core.users.repository import members
from core.users.schemas import Departure, DepartureView, HoldingsView, MemberView


def holdings_of(user_id: UUID) -> HoldingsView:
    """What a member owns. Raises NotFound."""
    members.shown(user_id)
    return HoldingsView(holdings.shown(holdings.of(user_id), to=current_actor()))


def leave(user_id: UUID, departure: Departure, *, version: int | None) -> DepartureView:
    """See a member off: they may do nothing more here at once, and a job hands over what they own.

    Of somebody who has left already, whatever is theirs still is handed over. Raises StillHolds where they own
    something and nobody takes it over, HasLeft, LastOwner, Forbidden, Invalid, NotFound, PreconditionFailed.
    """
    members.hold_administration()
    member = members.of_user(user_id, version=version)
    rights.refuse_superior(user_id, giver=current_actor())
    # Before counting: what somebody makes theirs at this moment counts, or is refused.
    members.lock(member)
    held = holdings.of(user_id)
    if member.state == "left" and not held:
        raise HasLeft
    _refuse_beyond(held)
    _check_successors(user_id, departure.successors, held)
    _refuse_left_behind(held, departure.successors)
    if member.state != "left":
        _end_membership(member, departure.successors, held)
    # Another version with each call: what was ordered before is good no more.
    member.updated_at = clock.now()
    members.save()
    job_id = jobs.begin(user_id, departure.successors, departure=member.version)
    return DepartureView(members.shown(user_id), holdings.shown(held, to=current_actor()), job_id)


def end_again(user_id: UUID) -> None:
    """End a place that a restored copy brought back, with nobody to take anything over. Raises LastOwner, NotFound."""
    members.hold_administration()
    member = members.of_user(user_id, version=None)
    if member.state != "left":
        members.lock(member)
        _end_membership(member, [], [])


def _end_membership(member: Membership, successors: list[UUID], held: list[Held]) -> None:
    user_id = member.user_id
    before = members.shown(user_id)
    members.give_roles(user_id, [])
    members.place_in_teams(user_id, [])
    reporting.pass_on(user_id, member.reports_to)
    member.state, member.reports_to, member.updated_at = "left", None, clock.now()
    members.save()
    refuse_without_owner(before)
    publish(
        MemberLeft(
            user_id=user_id,
            from_state=before.state,
            from_roles=before.roles,
            from_teams=before.teams,
            successors=successors,
            holdings={each.kind: each.count for each in held},
        ),
        of=member,
    )
    revoke("member", user_id)
    # Their sessions end for good: otherwise they would come alive again with the person.
    with apart() as session:
        auth.revoke(session, user_id=user_id, agency_id=current_agency_id(), reason="left")


def refuse_without_owner(before: MemberView) -> None:
    """Raise LastOwner where a change to this member, as they were, left nobody who may run the agency."""
    if members.administrators() == 0 or (rights.OWNER in before.roles and members.owners() == 0):
        raise LastOwner


def _refuse_beyond(held: list[Held]) -> None:
    """Raise Forbidden where the caller may not give away all of each kind: not one by one, and not at once."""
    actor = current_actor()
    needed = {kind.given_with for kind in holdings.to_hand_over(held)}
    lacking = sorted(permission for permission in needed if actor.scope_of(permission) is not Scope.ALL)
    if lacking:
        raise Forbidden(f"Handing over what they own takes, for all of the agency: {', '.join(lacking)}")


def _check_successors(user_id: UUID, successors: list[UUID], held: list[Held]) -> None:
    active = colleagues.actors(successors)
    active.pop(user_id, None)
    kinds = holdings.to_hand_over(held)
    faults = []
    for number, successor in enumerate(successors):
        pointer = f"/successors/{number}"
        if successor not in active:
            faults.append(Fault(pointer, "unknown", "There is no such active member to take something over"))
            continue
        unseen = [kind.name for kind in kinds if active[successor].scope_of(kind.permission) is None]
        if unseen:
            faults.append(Fault(pointer, "may_not_see", f"They could not see what they get: {', '.join(unseen)}"))
    if faults:
        raise Invalid(errors=faults)


def _refuse_left_behind(held: list[Held], successors: list[UUID]) -> None:
    open_ = [each for each in held if each.on_leaving == "handed_over"]
    if open_ and not successors:
        counts = ", ".join(f"{each.count} {each.kind}" for each in open_)
        faults = [Fault("/successors", each.kind, f"{each.count} of {each.kind}") for each in open_]
        raise StillHolds(f"Name who takes over: {counts}", errors=faults)
