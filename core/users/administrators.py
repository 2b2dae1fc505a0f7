"""Who administers agencies, and who is an operator of the platform: for the platform's operator."""

from __future__ import annotations

import msgspec
from sqlalchemy import Text, bindparam, select

from core.agencies.models import Agency
from core.db.read import SystemQuery
from core.roles.models import MembershipRole, Role
from core.users.models import Membership, Operator, User


class Administrator(msgspec.Struct, frozen=True):
    """Somebody with a role that administers an agency."""

    agency: str
    role: str
    email: str
    name: str
    state: str
    closed: bool
    """Whether their account is."""


class OperatorLine(msgspec.Struct, frozen=True):
    """Somebody who may enter agencies."""

    email: str
    name: str
    closed: bool


_agency = bindparam("agency", type_=Text())
ADMINISTRATORS = SystemQuery(
    select(Agency.slug, Role.code, User.email, User.name, Membership.state, User.disabled_at.is_not(None))
    .join(Membership, Membership.agency_id == Agency.id)
    .join(User, User.id == Membership.user_id)
    .join(
        MembershipRole,
        (MembershipRole.agency_id == Membership.agency_id) & (MembershipRole.user_id == Membership.user_id),
    )
    .join(Role, (Role.id == MembershipRole.role_id) & Role.built_in & ((Role.code == "owner") | (Role.code == "admin")))
    .where(_agency.is_(None) | (Agency.slug == _agency))
    .order_by(Agency.slug, Role.code.desc(), User.email),
    Administrator,
)
"""Owners and administrators, of one agency where it is named."""
OPERATORS = SystemQuery(
    select(User.email, User.name, User.disabled_at.is_not(None))
    .join(Operator, Operator.user_id == User.id)
    .order_by(User.email),
    OperatorLine,
)
