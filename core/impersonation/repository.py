"""Queries for impersonations: most are asked before anybody acts in an agency."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, DateTime, Select, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import JSONB

from core.agencies.models import Agency
from core.auth.models import AuthSession
from core.auth.schemas import AgencyRef, ImpersonationView, Profile
from core.db import read
from core.db.repository import Repository
from core.extensions import db
from core.impersonation.models import Impersonation
from core.roles.models import MembershipRole, Role, RolePermission
from core.users.models import Membership, Operator, User


class Warrant(msgspec.Struct, frozen=True):
    """What a live impersonation rests on at this moment."""

    agency_id: UUID
    user_id: UUID
    impersonator_id: UUID
    by_operator: bool
    role: str | None
    expires_at: datetime
    methods: list[str]
    """By which the session was opened: the impersonator's."""
    operator_id: UUID | None
    """The impersonator's, where they are an operator still."""
    state: str | None
    """Of the impersonator's own membership in the agency."""
    built_in_roles: list[str]
    own_grants: list[tuple[str, str]]


_HELD = select(MembershipRole.role_id).where(
    MembershipRole.agency_id == Impersonation.agency_id, MembershipRole.user_id == Impersonation.impersonator_id
)
_CODES = select(Role.code).where(Role.id.in_(_HELD.correlate(Impersonation)), Role.built_in)
_GRANTS = select(func.jsonb_build_array(RolePermission.permission, RolePermission.scope)).where(
    RolePermission.role_id.in_(_HELD.correlate(Impersonation))
)
_OWN_PLACE = (Membership.agency_id == Impersonation.agency_id) & (Membership.user_id == Impersonation.impersonator_id)


def _array(statement: Select[Any], kind: Any) -> ColumnElement[Any]:
    return func.array(statement.correlate(Impersonation).scalar_subquery(), type_=ARRAY(kind))


WARRANT = read.SystemQuery(
    select(
        Impersonation.agency_id,
        Impersonation.user_id,
        Impersonation.impersonator_id,
        Impersonation.by_operator,
        Impersonation.role,
        Impersonation.expires_at,
        AuthSession.methods,
        Operator.user_id,
        Membership.state,
        _array(_CODES, Text()),
        _array(_GRANTS, JSONB()),
    )
    .join(AuthSession, AuthSession.id == Impersonation.session_id)
    .join(User, User.id == Impersonation.impersonator_id)
    .join(Agency, Agency.id == Impersonation.agency_id)
    .outerjoin(Operator, Operator.user_id == Impersonation.impersonator_id)
    .outerjoin(Membership, _OWN_PLACE)
    .where(
        Impersonation.session_id == bindparam("session_id", type_=Uuid()),
        Impersonation.ended_at.is_(None),
        Impersonation.expires_at > bindparam("now", type_=DateTime(timezone=True)),
        AuthSession.revoked_at.is_(None),
        User.disabled_at.is_(None),
        Agency.suspended_at.is_(None),
    ),
    Warrant,
)
BANNER = read.SystemQuery(
    select(*read.columns(ImpersonationView, Impersonation, impersonator_name=User.name))
    .join(User, User.id == Impersonation.impersonator_id)
    .where(Impersonation.session_id == bindparam("session_id", type_=Uuid())),
    ImpersonationView,
)
PROFILE = read.SystemQuery(
    select(*read.columns(Profile, User)).where(User.id == bindparam("user_id", type_=Uuid())), Profile
)
"""A person, whether or not they are a member of the acting agency."""
AGENCY = read.SystemQuery(
    select(*read.columns(AgencyRef, Agency)).where(Agency.id == bindparam("agency_id", type_=Uuid())), AgencyRef
)
AGENCY_BY_SLUG = read.SystemQuery(
    select(*read.columns(AgencyRef, Agency)).where(
        Agency.slug == bindparam("slug", type_=Text()), Agency.suspended_at.is_(None)
    ),
    AgencyRef,
)


class Impersonations(Repository[Impersonation]):
    """An agency's impersonations."""

    model = Impersonation
    permission = "users.impersonate"

    def of_session(self, session_id: UUID) -> Impersonation | None:
        """The one a session is of, if it has not ended."""
        running = select(Impersonation).where(Impersonation.session_id == session_id, Impersonation.ended_at.is_(None))
        return db.session.scalar(running.with_for_update())


impersonations = Impersonations()
