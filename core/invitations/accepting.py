"""Accepting an invitation, as the one who was invited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from msgspec import UNSET

from core import clock, fields
from core.actor import Actor, current_user_id, system
from core.agencies import api as agencies
from core.auth import api as auth
from core.auth.api import Person
from core.auth.errors import NoMembership, WrongCredentials
from core.db import closing
from core.db.session import apart
from core.db.tenancy import acting_as
from core.errors import Fault, Forbidden, Invalid
from core.events.log import publish
from core.extensions import db
from core.factors import api as factors
from core.invitations import links, repository
from core.invitations.errors import ForSomebodyElse, InvitationVoid, NoInvitation, SignInToJoin
from core.invitations.events import InvitationAccepted
from core.invitations.links import Link
from core.invitations.models import Invitation
from core.invitations.repository import invitations
from core.invitations.schemas import Acceptance, Account, InvitationOffer, Joined, Joining
from core.users import api as users
from core.users import permissions, rights, service
from core.users.errors import AlreadyMember
from core.users.repository import members


def look(token: str) -> InvitationOffer:
    """What an invitation offers. Raises NoInvitation."""
    with _invited(token) as invitation:
        person = auth.with_email(invitation.email)
        account: Account = "existing" if person is not None and person.email_verified_at else "new"
        return InvitationOffer(
            agency=repository.agency().name,
            invited_by=repository.inviter(invitation),
            roles=repository.role_names(invitation.roles),
            email=invitation.email,
            expires_at=invitation.expires_at,
            account=account,
        )


def accept(acceptance: Acceptance) -> Joined:
    """Join with a new account, or with the one there is and its password.

    The link came to the address, so that the address is known to be theirs. Raises NoInvitation, InvitationVoid,
    SignInToJoin, WrongCredentials, TooManyAttempts, AlreadyMember, Invalid.
    """
    with _invited(acceptance.token) as invitation:
        giver = _giver(invitation)
        person = auth.with_email(invitation.email)
        if person is None:
            user_id = _new_account(invitation, acceptance)
        else:
            user_id = person.id
            if members.is_member(user_id):
                # Before anything of theirs is replaced.
                raise AlreadyMember
            _prove(person, acceptance.password)
        return _join(invitation, acceptance.token, user_id, giver=giver)


def join(joining: Joining) -> Joined:
    """Join as who one is signed in as. Raises ForSomebodyElse, NoInvitation, InvitationVoid, AlreadyMember."""
    user_id = current_user_id()
    profile = auth.profile(user_id)
    if profile is None:
        raise NoMembership
    with _invited(joining.token) as invitation:
        if invitation.email != profile.email:
            raise ForSomebodyElse
        return _join(invitation, joining.token, user_id, giver=_giver(invitation))


@contextmanager
def _invited(token: str) -> Iterator[Invitation]:
    """Act in the agency of a link, on its invitation, which nobody else accepts or withdraws meanwhile."""
    link = links.read(token)
    if link is None:
        raise NoInvitation
    with acting_as(system(link.agency_id)):
        if agencies.is_suspended():
            raise NoInvitation
        yield _open(link)


def _open(link: Link) -> Invitation:
    found = invitations.locked(link.invitation_id)
    if found is None or found.state != "pending" or found.sent != link.sent or found.expires_at <= clock.now():
        raise NoInvitation
    return found


def _giver(invitation: Invitation) -> Actor:
    """Whoever invited, with the rights they have now. Raises InvitationVoid where they may not give that any more."""
    giver = users.actors([invitation.invited_by]).get(invitation.invited_by) if invitation.invited_by else None
    if giver is None or giver.scope_of(permissions.MANAGE.name) is None:
        raise InvitationVoid
    try:
        # Before an account is made: that would stay.
        rights.role_ids(invitation.roles, giver=giver)
        rights.check_teams(invitation.teams, invitation.roles, giver=giver)
    except (Forbidden, Invalid) as refused:
        raise InvitationVoid from refused
    return giver


def _new_account(invitation: Invitation, acceptance: Acceptance) -> UUID:
    if acceptance.name is UNSET:
        raise Invalid(errors=[Fault("/name", "required", "Tell your name")])
    zone = fields.check_zone(acceptance.zone or "UTC")
    user_id = auth.create(
        email=invitation.email,
        name=acceptance.name,
        password=acceptance.password,
        language=invitation.language,
        zone=zone,
    )
    _note_verified(user_id, invitation.email)
    return user_id


def _prove(person: Person, password: str) -> None:
    """Let in whoever knows the account's password; where nobody ever showed that the address is theirs, it is replaced.

    Whoever made such an account may be anybody. Whoever has this link reads the letters to its address. Neither is
    enough for an account with a second factor: its owner signs in with that, and a stranger who set it up never joins.
    """
    if person.disabled_at is not None:
        raise WrongCredentials
    if factors.has_any(person.id):
        raise SignInToJoin
    if person.email_verified_at is None:
        auth.set_password(person.id, password)
        _note_verified(person.id, person.email)
        return
    auth.check_password(person, password)


def _note_verified(user_id: UUID, email: str) -> None:
    with apart() as session:
        auth.note_verified(session, user_id, email=email)


def _join(invitation: Invitation, token: str, user_id: UUID, *, giver: Actor) -> Joined:
    # By id: what is loaded now is forgotten where somebody else begins to act.
    invitation_id, roles, teams, email = invitation.id, invitation.roles, invitation.teams, invitation.email
    with acting_as(Actor(kind="user", agency_id=invitation.agency_id, user_id=user_id)):
        service.join(user_id, roles, teams, giver=giver)
        accepted = invitations.get(invitation_id)
        accepted.state, accepted.user_id = "accepted", user_id
        invitations.save()
        publish(InvitationAccepted(invitation_id=invitation_id, user_id=user_id))
        closing.of(db.session()).then(lambda: links.use_up(token))
        return Joined(repository.agency().slug, email)
