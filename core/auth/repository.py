"""Credentials, sessions and what a person may do: read as the system role, before any agency is known."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select, update
from sqlalchemy.orm import Session

from core import clock
from core.agencies.models import Agency
from core.auth.models import AuthSession, Credential
from core.auth.schemas import AgencyRef, Profile
from core.db import read
from core.roles.models import MembershipRole, Role, RolePermission
from core.users.models import Membership, TeamMember, User


class Identity(msgspec.Struct, frozen=True):
    """A person as the sign-in needs to know them."""

    user_id: UUID
    password_hash: str
    disabled_at: datetime | None


class Standing(msgspec.Struct, frozen=True):
    """What a live session allows at this moment."""

    user_id: UUID
    agency_id: UUID
    built_in_roles: list[str]
    own_roles: list[UUID]
    team_ids: list[UUID]


PROFILE = read.Query(select(*read.columns(Profile, User)).where(User.id == bindparam("user_id")), Profile)
"""A person as members of the acting agency see them."""


def identity(session: Session, email: str) -> Identity | None:
    """The person with an e-mail address."""
    statement = (
        select(User.id, Credential.password_hash, User.disabled_at)
        .join(Credential, Credential.user_id == User.id)
        .where(User.email == email.strip().lower())
    )
    row = session.execute(statement).first()
    return Identity(*row) if row else None


def identity_by_id(session: Session, user_id: UUID) -> Identity | None:
    """The person with an id."""
    statement = (
        select(User.id, Credential.password_hash, User.disabled_at)
        .join(Credential, Credential.user_id == User.id)
        .where(User.id == user_id)
    )
    row = session.execute(statement).first()
    return Identity(*row) if row else None


def agencies_of(session: Session, user_id: UUID) -> list[AgencyRef]:
    """The agencies a person is an active member of, longest first."""
    statement = (
        select(Agency.id, Agency.slug, Agency.name)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.user_id == user_id, Membership.state == "active")
        .order_by(Membership.created_at)
    )
    return [AgencyRef(*row) for row in session.execute(statement)]


def standing(session: Session, session_id: UUID) -> Standing | None:
    """What a session allows now; None when it has ended, or its person or membership is no longer active."""
    of_member = (MembershipRole.agency_id == AuthSession.agency_id, MembershipRole.user_id == AuthSession.user_id)
    roles = select(MembershipRole.role_id).join(Role, Role.id == MembershipRole.role_id).where(*of_member)
    codes = select(func.array_agg(Role.code, type_=ARRAY(Text()))).join(
        MembershipRole, MembershipRole.role_id == Role.id
    )
    own = roles.where(Role.built_in.is_(False)).correlate(AuthSession)
    teams = select(TeamMember.team_id).where(
        TeamMember.agency_id == AuthSession.agency_id, TeamMember.user_id == AuthSession.user_id
    )
    statement = (
        select(
            AuthSession.user_id,
            AuthSession.agency_id,
            codes.where(*of_member, Role.built_in).correlate(AuthSession).scalar_subquery(),
            func.array(own.scalar_subquery(), type_=ARRAY(Uuid())),
            func.array(teams.correlate(AuthSession).scalar_subquery(), type_=ARRAY(Uuid())),
        )
        .join(User, User.id == AuthSession.user_id)
        .join(
            Membership,
            (Membership.agency_id == AuthSession.agency_id) & (Membership.user_id == AuthSession.user_id),
        )
        .where(
            AuthSession.id == session_id,
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > clock.now(),
            User.disabled_at.is_(None),
            Membership.state == "active",
        )
    )
    row = session.execute(statement).first()
    return Standing(row[0], row[1], row[2] or [], row[3], row[4]) if row else None


def permissions_of(session: Session, role_ids: list[UUID]) -> list[tuple[str, str]]:
    """What an agency's own roles grant: permission and scope."""
    if not role_ids:
        return []
    statement = select(RolePermission.permission, RolePermission.scope).where(RolePermission.role_id.in_(role_ids))
    return [(permission, scope) for permission, scope in session.execute(statement)]


def locked_session(session: Session, session_id: UUID) -> AuthSession | None:
    """A session that nobody else rotates while we look at it."""
    return session.scalar(select(AuthSession).where(AuthSession.id == session_id).with_for_update())


def revoke(session: Session, *, user_id: UUID, reason: str, but: UUID | None = None) -> None:
    """End every session of a person, except one."""
    statement = update(AuthSession).where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None))
    if but is not None:
        statement = statement.where(AuthSession.id != but)
    session.execute(statement.values(revoked_at=clock.now(), revoked_because=reason))
