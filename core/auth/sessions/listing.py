"""The sessions that are open: a person sees and ends their own, and who runs the agency ends those of its people."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import DateTime, Uuid, bindparam, select, update

from core import clock
from core.actor import current_actor, current_user_id
from core.agencies.models import Agency
from core.agencies.repository import agency_view
from core.auth.events import AgencySignedOut, MemberSignedOut, SessionRevoked
from core.auth.models import AuthSession
from core.auth.once import one_time
from core.auth.once.purposes import SECOND_STEP
from core.auth.schemas import AgencyRef, SessionList, SessionView
from core.auth.sessions import ending, locks, opening
from core.db import read
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid, NotFound
from core.events.log import publish, publish_apart
from core.extensions import settings
from core.revocations import api as revocations
from core.users import rights
from core.users.repository import members

ENDED_BY_PERSON = "ended_by_person"
ENDED_BY_AGENCY = "ended_by_agency"


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


def rows() -> SessionList:
    """Where the signed-in person is signed in, the last seen first."""
    current = opening.yourself()
    now = clock.now()
    used_since = now - settings().jwt_refresh_expiration
    found = SESSIONS.rows(user_id=current_user_id(), agency_id=_within(), now=now, used_since=used_since)
    return SessionList([_view(row, current) for row in found])


def end(session_id: UUID) -> None:
    """End one session of the signed-in person. Raises NotFound."""
    opening.yourself()
    with apart() as session:
        row = locks.locked(session, session_id)
        if row is None or row.user_id != current_user_id() or _within() not in (None, row.agency_id):
            raise NotFound
        if row.revoked_at is not None:
            raise NotFound
        ending.end(session, row, reason=ENDED_BY_PERSON)
    # In the log of the agency it was in, which need not be this one.
    fact = SessionRevoked(session_id=session_id, reason=ENDED_BY_PERSON)
    publish_apart(fact, actor=current_actor(), agency_id=row.agency_id)


def end_others() -> None:
    """End every session of the signed-in person but this one."""
    current, user_id = opening.yourself(), current_user_id()
    with apart() as session:
        ended = ending.revoke(session, user_id=user_id, reason=ENDED_BY_PERSON, but=current, agency_id=_within())
    for agency_id, count in ended.items():
        fact = MemberSignedOut(user_id=user_id, sessions=count)
        publish_apart(fact, actor=current_actor(), agency_id=agency_id)


def end_of_member(user_id: UUID) -> None:
    """End every session of a member in the acting agency. Raises NotFound, Forbidden."""
    members.of_user(user_id)
    rights.refuse_superior(user_id, giver=current_actor())
    with apart() as session:
        ended = ending.revoke(session, user_id=user_id, reason=ENDED_BY_AGENCY, agency_id=current_agency_id())
    publish(MemberSignedOut(user_id=user_id, sessions=ended.total()))


def end_of_agency(slug: str) -> None:
    """End every session in the acting agency, which has that slug, but the caller's own. Raises Invalid."""
    agency_id = current_agency_id()
    if slug != agency_view().slug:
        raise Invalid(errors=[Fault("/agency", "value", "This is not the agency you act in")])
    live = update(AuthSession).where(AuthSession.agency_id == agency_id, AuthSession.revoked_at.is_(None))
    others = live.where(AuthSession.id != current_actor().session_id)
    with apart() as session:
        ended = session.execute(
            others.values(revoked_at=clock.now(), revoked_because=ENDED_BY_AGENCY).returning(AuthSession.id)
        )
        count = len(ended.all())
        # Nor does anybody come in again by half a sign-in.
        one_time.withdraw_in(session, SECOND_STEP, agency_id=agency_id)
        # One word for all of them: everybody's token is asked about anew.
        revocations.revoke("agency", agency_id, agency_id=agency_id, session=session)
    publish(AgencySignedOut(agency_id=agency_id, sessions=count))


def _within() -> UUID | None:
    """The one agency a session may look at that only counts there; None for all."""
    actor = current_actor()
    return actor.agency_id if actor.confined else None


def _view(row: OpenSession, current: UUID) -> SessionView:
    return SessionView(
        id=row.id,
        current=row.id == current,
        agency=row.agency,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        ip=row.ip,
        user_agent=row.user_agent,
        methods=row.methods,
        impersonated=row.impersonator_id is not None,
    )
