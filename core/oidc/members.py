"""From somebody a provider knows to a member of its agency, and never to anybody else's."""

from __future__ import annotations

from uuid import UUID

from core.actor import system
from core.agencies import api as agencies
from core.auth import api as auth
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.log import publish
from core.oidc import repository
from core.oidc.errors import NotVouched
from core.oidc.events import IdentityLinked
from core.oidc.id_tokens import Vouched
from core.oidc.models import IdentityLink
from core.oidc.repository import domains, links
from core.oidc.schemas import Trust
from core.roles.repository import roles
from core.users import rights
from core.users import service as users
from core.users.repository import members


def known(trust: Trust, vouched: Vouched) -> UUID | None:
    """The member who has signed in under this subject before. Raises NotVouched for one who is shut out."""
    with acting_as(system(trust.agency_id)):
        user_id = links.user_of(trust.id, vouched.subject)
        if user_id is not None:
            check(trust, user_id)
    return user_id


def met(trust: Trust, vouched: Vouched) -> UUID:
    """The member somebody is who signs in for the first time, by an address the provider has verified.

    Raises NotVouched: for an address outside the provider's domains, or in one that the agency has not proven; for one
    that is no member's (where new members are not made), and for a member it knows under another subject already; and
    whoever it is, where the agency is suspended by now.
    """
    email = vouched.email
    if email is None:
        raise NotVouched("no verified e-mail address")
    if email.rpartition("@")[2] not in trust.email_domains:
        raise NotVouched("an e-mail address outside the provider's domains")
    # Committed on its own: opening a session asks for the membership over another connection.
    with unit_of_work(), acting_as(system(trust.agency_id)):
        if agencies.is_suspended():
            # Since the sign-in began: the provider took its time to answer.
            raise NotVouched("the agency is suspended")
        # Before anybody is looked for: the answer is the same for whoever there is.
        if not domains.is_proven(email.rpartition("@")[2]):
            raise NotVouched("an e-mail address in a domain that is not proven to be the agency's")
        user_id = repository.member_with(email)
        if user_id is None:
            user_id = _joined(trust, email=email, name=vouched.name)
        check(trust, user_id)
        if links.of_user(trust.id, user_id) is not None:
            # Addresses are given to others when people leave; subjects never are.
            raise NotVouched("the member is known under another subject")
        link = links.add(IdentityLink(provider_id=trust.id, subject=vouched.subject, user_id=user_id))
        publish(IdentityLinked(link_id=link.id, provider_id=trust.id, user_id=user_id))
    return user_id


def check(trust: Trust, user_id: UUID) -> None:
    """Raise NotVouched for a member whom the provider may not bring in."""
    if repository.is_disabled(user_id):
        raise NotVouched("the person is disabled")
    if not trust.vouches_for_owners and rights.OWNER in members.roles_of(user_id):
        raise NotVouched("an owner, for whom the provider does not speak")


def _joined(trust: Trust, *, email: str, name: str | None) -> UUID:
    """A new member, with the provider's role. Raises NotVouched."""
    code = trust.new_member_role
    if code is None or not roles.by_codes([code]):
        raise NotVouched("nobody's e-mail address")
    # Whoever has the domain has its mailboxes, and with them the accounts: one made elsewhere is taken in like a new
    # one, so that nobody can tell them apart by who is let in.
    if auth.find(email) is None:
        auth.create_without_password(email=email, name=name or email.partition("@")[0], language="en", zone="UTC")
    return users.attach(email, [code]).id
