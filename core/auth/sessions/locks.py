"""Sessions that nobody else rotates, ends or goes on from while we look at them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.auth.errors import InvalidToken
from core.auth.models import AuthSession
from core.users.models import User


def locked(session: Session, session_id: UUID) -> AuthSession | None:
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
    row = locked(session, session_id)
    if row is None or row.revoked_at is not None or row.expires_at <= clock.now():
        raise InvalidToken
    return row
