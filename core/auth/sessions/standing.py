"""What a live session allows at this moment: read as the system role, before any agency is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, Uuid, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from core import clock
from core.actor import STAFF, Audience
from core.agencies.models import Agency
from core.auth.errors import SecondFactorRequired
from core.auth.models import AuthSession
from core.auth.sessions.requirements import STRONG, required_in
from core.db import read
from core.roles.models import MembershipRole, Role, RolePermission
from core.users.models import Membership, TeamMember, User


class Standing(msgspec.Struct, frozen=True):
    """What a live session allows at this moment."""

    user_id: UUID
    agency_id: UUID
    audience: Audience
    expires_at: datetime
    proven_at: datetime
    methods: list[str]
    impersonator_id: UUID | None
    built_in_roles: list[str]
    own_grants: list[tuple[str, str]]
    """Permission and scope, from roles of the agency's own."""
    team_ids: list[UUID]
    wants_factor: bool
    """Whether the agency or a role asks for a second factor."""

    @property
    def lacks_factor(self) -> bool:
        """Whether the session was opened with less than is asked for now."""
        return self.audience == STAFF and self.wants_factor and not STRONG.intersection(self.methods)


def rights_of(place: Any) -> tuple[ColumnElement[Any], ...]:
    """What the member whom a row of sign-ins or keys names may do: built-in roles, grants of own roles, and teams."""
    held = select(MembershipRole.role_id).where(
        MembershipRole.agency_id == place.agency_id, MembershipRole.user_id == place.user_id
    )
    codes = select(Role.code).where(Role.id.in_(held.correlate(place)), Role.built_in)
    grants = select(func.jsonb_build_array(RolePermission.permission, RolePermission.scope)).where(
        RolePermission.role_id.in_(held.correlate(place))
    )
    teams = select(TeamMember.team_id).where(
        TeamMember.agency_id == place.agency_id, TeamMember.user_id == place.user_id
    )
    return tuple(
        func.array(statement.correlate(place).scalar_subquery(), type_=ARRAY(kind))
        for statement, kind in ((codes, Text()), (grants, JSONB()), (teams, Uuid()))
    )


def _standing() -> read.Statement:
    """What a session allows, in one statement."""
    helper = aliased(User)
    enabled = select(helper.id).where(helper.id == AuthSession.impersonator_id, helper.disabled_at.is_(None))
    place = (Membership.agency_id == AuthSession.agency_id) & (Membership.user_id == AuthSession.user_id)
    return (
        select(
            AuthSession.user_id,
            AuthSession.agency_id,
            AuthSession.audience,
            AuthSession.expires_at,
            AuthSession.proven_at,
            AuthSession.methods,
            AuthSession.impersonator_id,
            *rights_of(AuthSession),
            required_in(AuthSession.agency_id, AuthSession.user_id),
        )
        .join(User, User.id == AuthSession.user_id)
        .join(Membership, place)
        .join(Agency, Agency.id == AuthSession.agency_id)
        .where(
            AuthSession.id == bindparam("session_id"),
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > bindparam("now", type_=DateTime(timezone=True)),
            User.disabled_at.is_(None),
            Membership.state == "active",
            Agency.suspended_at.is_(None),
            AuthSession.impersonator_id.is_(None) | exists(enabled.correlate(AuthSession)),
        )
    )


_STANDING = read.SystemQuery(_standing(), Standing)


def of(session_id: UUID) -> Standing | None:
    """What a session allows now; None when it has ended, or its person or membership is no longer active.

    Raises SecondFactorRequired where the agency asks for a second factor by now, and it was opened without one.
    """
    found = _STANDING.first(session_id=session_id, now=clock.now())
    if found is not None and found.lacks_factor:
        raise SecondFactorRequired
    return found
