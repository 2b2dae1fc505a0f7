"""The first start: an agency and its first administrator, so that somebody can sign in."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask
from sqlalchemy import bindparam, select

from core.actor import system
from core.agencies import service as agencies
from core.agencies.models import Agency
from core.auth import api as auth
from core.auth.once import one_time, purposes
from core.db.read import SystemQuery
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.errors import Conflict, Invalid, NotFound
from core.fields import Email, Name
from core.users import founding, service
from core.users.errors import AlreadyMember
from core.users.repository import members

FIRST_EMAIL = "admin@tripfile.example"
_FIRST_AGENCY = {"slug": "my-agency", "name": "My agency", "currency": "EUR", "zone": "UTC", "language": "en"}


_BY_SLUG = SystemQuery(select(Agency.id).where(Agency.slug == bindparam("slug")), lambda agency_id: agency_id)


class FirstAdmin(msgspec.Struct, frozen=True):
    """Credentials that are shown once; no password for somebody who has one already."""

    email: str
    password: str | None
    role: str | None = None


def ensure_admin(app: Flask) -> FirstAdmin | None:
    """Make the first agency and its owner where there is no agency yet; None where there is one."""
    with app.app_context(), unit_of_work():
        if founding.is_done():
            return None
        agency_id = agencies.found(**_FIRST_AGENCY)
        return _appoint(agency_id, email=FIRST_EMAIL, role="owner")


def setup_token() -> str:
    """A token that makes the first agency, once and within a day; earlier ones are void. Raises Conflict."""
    if founding.is_done():
        raise Conflict("There is an agency already: tripfile admin create --agency makes another administrator")
    with apart() as session:
        one_time.withdraw_all(session, purposes.SETUP)
        return one_time.hand_out(session, purposes.SETUP, lifetime=purposes.SETUP_LASTS)


def create_admin(*, agency: str, email: str, name: str | None = None) -> FirstAdmin:
    """Make another administrator of an agency, its owner where it has none that is active.

    Raises NotFound for an unknown slug, AlreadyMember.
    """
    agency_id, user_id = agency_id_of(agency), auth.find(email)
    with acting_as(system(agency_id)):
        if user_id is not None and members.is_member(user_id):
            more = f"tripfile admin attach --agency {agency} --email {email} --role admin"
            raise AlreadyMember(f"{email} is a member already; this gives them the role: {more}")
        # Of two at once, the second one finds an owner.
        members.hold_administration()
        role = "admin" if members.owners() else "owner"
    # Two called "Administrator" could not be told apart.
    return _appoint(agency_id, email=email, role=role, name=name or email.partition("@")[0])


def reset_admin(*, email: str | None = None) -> FirstAdmin:
    """Give an administrator a new random password; all their sessions end. Raises NotFound."""
    wanted = email or FIRST_EMAIL
    user_id = auth.find(wanted)
    if user_id is None:
        raise NotFound(f"Nobody has the e-mail address {wanted}")
    password = random_password()
    auth.set_password(user_id, password)
    return FirstAdmin(wanted, password)


def agency_id_of(slug: str) -> UUID:
    """The agency with a slug. Raises NotFound."""
    agency_id: UUID | None = _BY_SLUG.first(slug=slug)
    if agency_id is None:
        raise NotFound(f"There is no agency {slug}")
    return agency_id


def random_password() -> str:
    """A password nobody can guess: 120 random bits."""
    return "-".join(secrets.token_hex(3) for _ in range(5))


def _appoint(agency_id: UUID, *, email: str, role: str, name: str = "Administrator") -> FirstAdmin:
    """Give somebody a place with a role; an account they have already keeps its name and password."""
    _check(email, Email, "an e-mail address, as ana@example.com")
    _check(name, Name, "a name: one line of at most 200 characters")
    user_id = auth.find(email)
    with acting_as(system(agency_id)):
        if user_id is not None and members.is_member(user_id):
            raise AlreadyMember(f"{email} is a member already; tripfile admin reset --email sets a new password")
    password = None
    if user_id is None:
        password = random_password()
        user_id = auth.create(email=email, name=name, password=password, language="en", zone="UTC")
    with acting_as(system(agency_id)) as actor:
        service.join(user_id, [role], [], giver=actor)
    return FirstAdmin(email, password, role)


def _check(text: str, kind: Any, wanted: str) -> None:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise Invalid(f"{text} is not {wanted}") from None
