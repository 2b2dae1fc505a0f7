"""What can be done with invitations, as those who invite."""

from __future__ import annotations

from uuid import UUID

from msgspec import UNSET

from core import clock, fields
from core.actor import acting_user_id, current_actor
from core.auth.api import plain
from core.db.query import ListQuery, Page
from core.errors import gather
from core.events.log import publish
from core.invitations import jobs, permissions, repository
from core.invitations.errors import AlreadyInvited, NotPending
from core.invitations.events import InvitationSent, InvitationWithdrawn
from core.invitations.links import LIFETIME
from core.invitations.models import Invitation
from core.invitations.repository import invitations
from core.invitations.schemas import InvitationDraft, InvitationView
from core.quotas import api as quota
from core.roles.repository import roles
from core.users import rights
from core.users.errors import AlreadyMember


def rows(query: ListQuery) -> Page[InvitationView]:
    """A page of invitations."""
    return invitations.rows(query)


def view(invitation_id: UUID) -> InvitationView:
    """An invitation. Raises NotFound."""
    return invitations.shown(invitation_id)


def invite(draft: InvitationDraft) -> InvitationView:
    """Invite somebody, whether or not they have an account: nobody is told which.

    Raises AlreadyMember, AlreadyInvited, Invalid, Forbidden for more than one may do oneself, QuotaExceeded.
    """
    email = plain(draft.email)
    language = repository.agency().language if draft.language is UNSET else draft.language
    gather(lambda: fields.check_language(language), lambda: _check(draft.roles, draft.teams))
    if repository.is_colleague(email):
        raise AlreadyMember
    _refuse_second(email)
    made = Invitation(email=email, language=language, roles=list(dict.fromkeys(draft.roles)), teams=draft.teams, sent=0)
    _send(made)
    invitations.add(made)
    _tell(made)
    return invitations.shown(made.id)


def send_again(invitation_id: UUID) -> InvitationView:
    """Mail an invitation anew, for another week; earlier links end. Whoever sends it answers for what it gives.

    Raises NotFound, NotPending, Invalid, Forbidden, QuotaExceeded.
    """
    found = invitations.get(invitation_id)
    invitations.locked(invitation_id)
    if found.state not in {"pending", "expired"}:
        raise NotPending
    _check(found.roles, found.teams)
    if repository.is_colleague(found.email):
        raise AlreadyMember
    other = invitations.pending(found.email)
    if other is not None and other is not found:
        raise AlreadyInvited
    _send(found)
    invitations.save()
    _tell(found)
    return invitations.shown(found.id)


def withdraw(invitation_id: UUID, *, version: int | None) -> None:
    """Make an invitation useless. Raises NotFound, NotPending, Forbidden, PreconditionFailed."""
    found = invitations.get(invitation_id, version=version)
    if found.state not in {"pending", "expired"}:
        raise NotPending
    _refuse_superior(found.roles)
    found.state = "withdrawn"
    invitations.save()
    publish(InvitationWithdrawn(invitation_id=found.id))


def _refuse_superior(codes: list[str]) -> None:
    """Raise Forbidden where it gives what the caller could not: nobody takes that away either."""
    # A role may be gone meanwhile: then there is nothing to give.
    for code, role_id in roles.by_codes(codes).items():
        rights.refuse_beyond(code, role_id, giver=current_actor())


def _check(codes: list[str], teams: list[UUID]) -> None:
    giver = current_actor()
    gather(lambda: rights.role_ids(codes, giver=giver), lambda: rights.check_teams(teams, codes, giver=giver))


def _refuse_second(email: str) -> None:
    waiting = invitations.pending(email)
    if waiting is None:
        return
    if waiting.expires_at > clock.now():
        raise AlreadyInvited
    waiting.state = "expired"
    invitations.save()


def _send(invitation: Invitation) -> None:
    invitation.state = "pending"
    invitation.sent += 1
    invitation.expires_at = clock.now() + LIFETIME
    invitation.invited_by = acting_user_id()


def _tell(invitation: Invitation) -> None:
    publish(
        InvitationSent(
            invitation_id=invitation.id, roles=invitation.roles, teams=invitation.teams, sent=invitation.sent
        )
    )
    jobs.send.later(unique=f"{invitation.id}:{invitation.sent}").enqueue(invitation.id, invitation.sent)
    # Late: colleagues who spend from the same quota wait for this commit.
    quota.spend(permissions.SENT.name)
