"""Ending sessions: one with those opened from it, or all of a person."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from core import clock
from core.auth.models import AuthSession
from core.auth.once import one_time
from core.auth.once.purposes import SECOND_STEP
from core.auth.sessions.locks import hold
from core.revocations import api as revocations


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
