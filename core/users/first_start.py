"""The first start: an agency and its first administrator, so that somebody can sign in."""

from __future__ import annotations

import secrets
from uuid import UUID

import msgspec
from flask import Flask
from sqlalchemy import select

from core import search
from core.actor import system
from core.agencies import service as agencies
from core.agencies.models import Agency
from core.auth import identities
from core.db.session import system_session, unit_of_work
from core.db.tenancy import acting_as
from core.errors import NotFound
from core.events.log import publish
from core.roles.repository import roles
from core.users.errors import AlreadyMember
from core.users.events import MemberAdded
from core.users.models import Membership
from core.users.repository import members

FIRST_EMAIL = "admin@tripfile.example"
_FIRST_AGENCY = {"slug": "my-agency", "name": "My agency", "currency": "EUR", "zone": "UTC", "language": "en"}


class FirstAdmin(msgspec.Struct, frozen=True):
    """Credentials that are shown once."""

    email: str
    password: str


def ensure_admin(app: Flask) -> FirstAdmin | None:
    """Make the first agency and its owner where there is no agency yet; None where there is one."""
    with app.app_context(), unit_of_work():
        with system_session() as session:
            if session.scalar(select(Agency.id).limit(1)) is not None:
                return None
        agency_id = agencies.found(**_FIRST_AGENCY)
        return _appoint(agency_id, email=FIRST_EMAIL, role="owner")


def create_admin(*, agency: str, email: str) -> FirstAdmin:
    """Make another administrator of an agency. Raises NotFound for an unknown slug, AlreadyMember."""
    agency_id, user_id = agency_id_of(agency), identities.find(email)
    with acting_as(system(agency_id)):
        if user_id is not None and members.is_member(user_id):
            raise AlreadyMember(f"{email} is a member already: give them the role admin instead")
    return _appoint(agency_id, email=email, role="admin")


def reset_admin(*, email: str | None = None) -> FirstAdmin:
    """Give an administrator a new random password; all their sessions end. Raises NotFound."""
    wanted = email or FIRST_EMAIL
    user_id = identities.find(wanted)
    if user_id is None:
        raise NotFound(f"Nobody has the e-mail address {wanted}")
    password = random_password()
    identities.set_password(user_id, password)
    return FirstAdmin(wanted, password)


def agency_id_of(slug: str) -> UUID:
    """The agency with a slug. Raises NotFound."""
    with system_session() as session:
        agency_id = session.scalar(select(Agency.id).where(Agency.slug == slug))
    if agency_id is None:
        raise NotFound(f"There is no agency {slug}")
    return agency_id


def random_password() -> str:
    """A password nobody can guess: 120 random bits."""
    return "-".join(secrets.token_hex(3) for _ in range(5))


def _appoint(agency_id: UUID, *, email: str, role: str) -> FirstAdmin:
    password = random_password()
    user_id = identities.find(email)
    if user_id is None:
        user_id = identities.create(email=email, name="Administrator", password=password, language="en", zone="UTC")
    else:
        identities.set_password(user_id, password)
    with acting_as(system(agency_id)):
        member = members.add(Membership(user_id=user_id, state="active"))
        members.give_roles(user_id, [roles.by_codes([role])[role]])
        search.index("users.user", member.id, ("Administrator", email))
        publish(MemberAdded(user_id=user_id, roles=[role]))
        members.save()
    return FirstAdmin(email, password)
