"""Opening a session: the one way in, whatever proved who somebody is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import request

from core import clock, ids
from core.actor import Actor
from core.auth import pairs
from core.auth.errors import InvalidToken, NoMembership
from core.auth.events import SessionOpened
from core.auth.models import AuthSession
from core.auth.repository import AGENCIES, locked_session
from core.auth.schemas import Tokens
from core.db.session import apart
from core.db.tenancy import acting_as
from core.events.log import publish

ABSOLUTE = timedelta(days=90)


def open_session(
    user_id: UUID,
    *,
    agency: str | None,
    methods: Sequence[str],
    proven_at: datetime | None = None,
    impersonator_id: UUID | None = None,
    lifetime: timedelta = ABSOLUTE,
) -> Tokens:
    """A session and its first tokens, in the agency with that slug or in the person's first. Raises NoMembership.

    Nothing is checked but the membership: who calls this has seen the proof that `methods` names (`amr`, RFC 8176).
    """
    agencies = AGENCIES.rows(user_id=user_id)
    place = next((each for each in agencies if agency in (None, each.slug)), None)
    if place is None:
        raise NoMembership
    session_id = ids.new()
    with apart() as session:
        session.add(
            AuthSession(
                id=session_id,
                user_id=user_id,
                agency_id=place.id,
                counter=0,
                expires_at=clock.now() + lifetime,
                ip=request.remote_addr,
                user_agent=(request.user_agent.string or "")[:400],
                methods=list(methods),
                proven_at=proven_at or clock.now(),
                impersonator_id=impersonator_id,
            )
        )
    with acting_as(Actor(kind="user", agency_id=place.id, user_id=user_id, session_id=session_id)):
        publish(SessionOpened(session_id=session_id, user_id=user_id))
    return pairs.pair(user_id, session_id, place.id, 0, agencies)


def prove(session_id: UUID, methods: Sequence[str]) -> Tokens:
    """Note that the person of a session proved anew who they are; tokens that carry it. Raises InvalidToken.

    The access token sent with the request knows nothing of it: go on with the one answered.
    """
    with apart() as session:
        row = locked_session(session, session_id)
        if row is None or row.revoked_at is not None or row.expires_at <= clock.now():
            raise InvalidToken
        row.proven_at = clock.now()
        row.methods = [*dict.fromkeys((*row.methods, *methods))]
        names = (row.user_id, row.id, row.agency_id, row.counter)
    return pairs.pair(*names, AGENCIES.rows(user_id=names[0]))
