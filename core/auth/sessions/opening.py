"""Opening a session (the one way in, whatever proved who somebody is), proving anew, signing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from core import clock, ids
from core.actor import STAFF, Actor, Audience, current_actor
from core.allow_lists import boundary
from core.auth.errors import InvalidToken, NoMembership, NotYourself
from core.auth.events import SessionOpened, SessionRevoked
from core.auth.models import AuthSession
from core.auth.people.places import AGENCIES
from core.auth.schemas import AgencyRef, Tokens
from core.auth.sessions import devices, ending, locks, pairs
from core.db.session import apart
from core.db.tenancy import acting_as
from core.events.log import publish
from core.extensions import settings

LONGEST_IMPERSONATION = timedelta(hours=1)
_USER_AGENT_LENGTH = 400
Still = Callable[[Session], object]
"""Asks in a session of `apart()` whether a proof still holds, and raises where it does not."""


def nothing_else(_session: Session) -> None:
    """A proof that was looked at and used up before."""


def open_session(
    user_id: UUID,
    *,
    agency: str | None,
    methods: Sequence[str],
    proven_at: datetime | None = None,
    impersonator_id: UUID | None = None,
    lifetime: timedelta | None = None,
    audience: Audience = STAFF,
    parent_id: UUID | None = None,
    still: Still = nothing_else,
) -> Tokens:
    """A session and its first tokens, in the agency with that slug or in the person's first.

    Raises NoMembership, and AddressNotAllowed where the person may not work there from where they are. Nothing else is
    checked: who calls this has seen the proof that `methods` names (`amr`, RFC 8176). `still` is asked while nobody can
    end the person's sessions, and raises where what was seen no longer holds.
    It lasts SESSION_LIFETIME or `lifetime`, whichever ends first. One with an impersonator has no refresh token;
    one with a parent ends with that.
    """
    agencies = AGENCIES.rows(user_id=user_id)
    place = next((each for each in agencies if agency in (None, each.slug)), None)
    if place is None:
        raise NoMembership
    someone = Actor(kind="user", agency_id=place.id, user_id=user_id, audience=audience)
    boundary.admit(someone, request.remote_addr)
    longest = LONGEST_IMPERSONATION if impersonator_id else settings().session_lifetime
    row = _new(
        user_id,
        place.id,
        methods=methods,
        lasting=min(longest, lifetime or longest),
        audience=audience,
        proven_at=proven_at,
        impersonator_id=impersonator_id,
        parent_id=parent_id,
    )
    _write(row, still=still)
    opened = Actor(kind="user", agency_id=place.id, user_id=user_id, session_id=row.id, impersonator_id=impersonator_id)
    with acting_as(opened):
        publish(SessionOpened(session_id=row.id, user_id=user_id))
    if impersonator_id is None and proven_at is None:
        # Whoever goes on from a session they have is no newcomer.
        devices.greet(user_id)
    return pairs.pair(row, agencies)


def open_support(
    user_id: UUID, place: AgencyRef, *, methods: Sequence[str], lifetime: timedelta, parent_id: UUID, still: Still
) -> Tokens:
    """A session in an agency where somebody has no place, and its one token. Raises AddressNotAllowed.

    What it allows is whatever their warrant says: without one the token is good for nothing.
    """
    boundary.admit(Actor(kind="user", agency_id=place.id, user_id=user_id), request.remote_addr)
    row = _new(user_id, place.id, methods=methods, lasting=lifetime, impersonator_id=user_id, parent_id=parent_id)
    _write(row, still=still)
    return pairs.pair(row, [place])


def _write(row: AuthSession, *, still: Still = nothing_else) -> None:
    """Store a new session, unless what it rests on has gone."""
    seen(row)
    with apart() as session:
        # What ends sessions waits for this, and then finds the new one too.
        locks.hold(session, row.user_id, row.impersonator_id)
        still(session)
        session.add(row)


def prove(session_id: UUID, methods: Sequence[str]) -> Tokens:
    """Note that the person of a session proved anew who they are; tokens that carry it. Raises InvalidToken.

    The access token sent with the request knows nothing of it: go on with the one answered.
    """
    with apart() as session:
        row = locks.live(session, session_id)
        if row.impersonator_id is not None:
            raise InvalidToken
        row.proven_at = clock.now()
        row.methods = [*dict.fromkeys((*row.methods, *methods))]
    return pairs.pair(row, AGENCIES.rows(user_id=row.user_id))


def sign_out() -> None:
    """End the session the access token belongs to."""
    session_id = current_actor().session_id
    if session_id is None:
        raise NotYourself
    with apart() as session:
        row = locks.locked(session, session_id)
        if row is None or row.revoked_at is not None:
            return
        ending.end(session, row, reason="signed_out")
    publish(SessionRevoked(session_id=session_id, reason="signed_out"))


def yourself() -> UUID:
    """The session of a person who acts for themselves. Raises NotYourself for API keys and impersonators."""
    actor = current_actor()
    if actor.kind != "user" or actor.session_id is None or actor.impersonator_id is not None:
        raise NotYourself
    return actor.session_id


def seen(row: AuthSession) -> None:
    """Note that a session is in use, and from where."""
    row.last_seen_at = clock.now()
    row.ip = request.remote_addr
    # Whoever sends it chooses it.
    row.user_agent = "".join(filter(str.isprintable, request.user_agent.string))[:_USER_AGENT_LENGTH]


def _new(
    user_id: UUID,
    agency_id: UUID,
    *,
    methods: Sequence[str],
    lasting: timedelta,
    audience: Audience = STAFF,
    proven_at: datetime | None = None,
    impersonator_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> AuthSession:
    now = clock.now()
    return AuthSession(
        id=ids.new(),
        user_id=user_id,
        agency_id=agency_id,
        counter=0,
        created_at=now,
        rotated_at=now,
        last_seen_at=now,
        expires_at=now + lasting,
        audience=audience,
        methods=list(methods),
        proven_at=proven_at or now,
        impersonator_id=impersonator_id,
        parent_id=parent_id,
    )
