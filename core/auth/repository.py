"""Credentials, sessions and what a person may do: read as the system role, before any agency is known."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, DateTime, Text, Uuid, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from core import clock
from core.actor import STAFF, Audience
from core.agencies.models import Agency
from core.auth import one_time, revocations
from core.auth.errors import InvalidToken, SecondFactorRequired
from core.auth.models import AuthSession, Credential
from core.auth.requirements import SECOND_STEP, STRONG, required_in
from core.auth.schemas import AgencyRef, Profile
from core.db import read
from core.roles.models import MembershipRole, Role, RolePermission
from core.users.models import Membership, TeamMember, User


class Identity(msgspec.Struct, frozen=True):
    """A person as the sign-in needs to know them."""

    user_id: UUID
    password_hash: str
    disabled_at: datetime | None


class OpenSession(msgspec.Struct, frozen=True):
    """A session that has not ended."""

    id: UUID
    agency: AgencyRef
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str | None
    user_agent: str | None
    methods: list[str]
    impersonator_id: UUID | None


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


_PERSON = select(User.id, Credential.password_hash, User.disabled_at).join(Credential, Credential.user_id == User.id)
IDENTITY = read.SystemQuery(_PERSON.where(User.email == bindparam("email")), Identity)
"""The person with an e-mail address, in whatever agency."""
IDENTITY_BY_ID = read.SystemQuery(_PERSON.where(User.id == bindparam("user_id")), Identity)
PROFILE = read.Query(select(*read.columns(Profile, User)).where(User.id == bindparam("user_id")), Profile)
"""A person as members of the acting agency see them."""
MOST_SESSIONS = 200


def _open_session(session_id: UUID, agency_id: UUID, slug: str, name: str, *rest: Any) -> OpenSession:
    return OpenSession(session_id, AgencyRef(agency_id, slug, name), *rest)


_now, _used_since = (bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "used_since"))
_in_agency = bindparam("agency_id", type_=Uuid())
SESSIONS = read.SystemQuery(
    select(
        AuthSession.id,
        *read.columns(AgencyRef, Agency),
        AuthSession.created_at,
        AuthSession.last_seen_at,
        AuthSession.expires_at,
        AuthSession.ip,
        AuthSession.user_agent,
        AuthSession.methods,
        AuthSession.impersonator_id,
    )
    .join(Agency, Agency.id == AuthSession.agency_id)
    .where(
        AuthSession.user_id == bindparam("user_id"),
        AuthSession.revoked_at.is_(None),
        AuthSession.expires_at > _now,
        AuthSession.last_seen_at > _used_since,
        _in_agency.is_(None) | (AuthSession.agency_id == _in_agency),
    )
    .order_by(AuthSession.last_seen_at.desc(), AuthSession.id)
    .limit(MOST_SESSIONS),
    _open_session,
)
"""A person's sessions that go on, the last seen first; of one agency where it is named."""
AGENCIES = read.SystemQuery(
    select(*read.columns(AgencyRef, Agency))
    .join(Membership, Membership.agency_id == Agency.id)
    .where(Membership.user_id == bindparam("user_id"), Membership.state == "active")
    .order_by(Membership.created_at),
    AgencyRef,
)
"""The agencies a person is an active member of, the first one first."""


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
        .where(
            AuthSession.id == bindparam("session_id"),
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > bindparam("now", type_=DateTime(timezone=True)),
            User.disabled_at.is_(None),
            Membership.state == "active",
            AuthSession.impersonator_id.is_(None) | exists(enabled.correlate(AuthSession)),
        )
    )


_STANDING = read.SystemQuery(_standing(), Standing)


def standing(session_id: UUID) -> Standing | None:
    """What a session allows now; None when it has ended, or its person or membership is no longer active.

    Raises SecondFactorRequired where the agency asks for a second factor by now, and it was opened without one.
    """
    found = _STANDING.first(session_id=session_id, now=clock.now())
    if found is not None and found.lacks_factor:
        raise SecondFactorRequired
    return found


def locked_session(session: Session, session_id: UUID) -> AuthSession | None:
    """A session that nobody else rotates, ends or goes on from while we look at it."""
    whose = select(AuthSession.user_id).where(AuthSession.id == session_id)
    # The person before the session, here as everywhere: whoever waits holds nothing the other waits for.
    hold(session, session.scalar(whose))
    return session.scalar(select(AuthSession).where(AuthSession.id == session_id).with_for_update())


def hold(session: Session, *user_ids: UUID | None) -> None:
    """Let nobody else open or end sessions of these people until this unit of work of `apart()` ends."""
    # No key update: whoever inserts a row that points at the person goes on.
    rows = select(User.id).where(User.id.in_([each for each in user_ids if each is not None])).order_by(User.id)
    session.execute(rows.with_for_update(key_share=True))


def live(session: Session, session_id: UUID) -> AuthSession:
    """A session that has not ended at this moment, locked. Raises InvalidToken."""
    row = locked_session(session, session_id)
    if row is None or row.revoked_at is not None or row.expires_at <= clock.now():
        raise InvalidToken
    return row


def end(session: Session, row: AuthSession, *, reason: str) -> None:
    """End a session that is locked, and those that were opened from it, however often."""
    opened = select(AuthSession.id).where(AuthSession.parent_id == row.id).cte(recursive=True)
    opened = opened.union(select(AuthSession.id).where(AuthSession.parent_id == opened.c.id))
    _end(session, AuthSession.id.in_(select(opened.c.id)), reason)
    row.revoked_at, row.revoked_because = clock.now(), reason
    revocations.revoke("session", row.id, agency_id=row.agency_id, session=session)


def revoke(
    session: Session, *, user_id: UUID, reason: str, but: UUID | None = None, agency_id: UUID | None = None
) -> Counter[UUID]:
    """End every session of a person, except one; only those in one agency where it is named.

    Those they opened as somebody else end too. Gives how many ended in each agency.
    """
    hold(session, user_id)
    # Nor may half a sign-in go on, begun with what no longer counts.
    one_time.withdraw(session, SECOND_STEP, user_id=user_id, agency_id=agency_id)
    which = (AuthSession.user_id == user_id) | (AuthSession.impersonator_id == user_id)
    if but is not None:
        which &= AuthSession.id != but
    if agency_id is not None:
        which &= AuthSession.agency_id == agency_id
    return _end(session, which, reason)


def _end(session: Session, which: ColumnElement[bool], reason: str) -> Counter[UUID]:
    """End the sessions that go on; how many there were in each agency."""
    ended = update(AuthSession).where(which, AuthSession.revoked_at.is_(None))
    ended = ended.values(revoked_at=clock.now(), revoked_because=reason)
    places: Counter[UUID] = Counter()
    for session_id, where in session.execute(ended.returning(AuthSession.id, AuthSession.agency_id)):
        revocations.revoke("session", session_id, agency_id=where, session=session)
        places[where] += 1
    return places
