"""Staying signed in: each refresh token buys its successor once, and one that was copied ends the session."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import structlog
from flask import Request, request
from msgspec import UNSET

from core import clock
from core.actor import STAFF, Actor, Audience
from core.allow_lists import boundary
from core.auth.errors import InvalidToken
from core.auth.events import RefreshTokenReused, SessionRevoked
from core.auth.models import AuthSession
from core.auth.people.places import AGENCIES
from core.auth.schemas import Refresh, Tokens
from core.auth.sessions import ending, locks, opening, pairs, standing
from core.auth.tokens import cookies
from core.auth.tokens import refresh as refresh_tokens
from core.auth.tokens.refresh import RefreshToken
from core.db.session import apart
from core.errors import Fault, Invalid
from core.events.log import publish_apart
from core.extensions import settings

log = structlog.get_logger()
GRACE = timedelta(seconds=10)
"""How long the previous refresh token still buys the same successor: the answer may have been lost on the way."""
REUSED = "refresh_token_reused"


class Reused(Exception):
    """A refresh token came that was used up long ago: two parties have it."""


def refresh(token: str, *, audience: Audience = STAFF) -> Tokens:
    """Trade a refresh token for the next pair. One that was used before ends the session.

    Raises InvalidToken, AddressNotAllowed.
    """
    sent = refresh_tokens.read(token, audience=audience)
    row = _rotated(sent, audience)
    return pairs.pair(row, AGENCIES.rows(user_id=row.user_id))


def sent(body: Refresh) -> str:
    """The refresh token of a request: in its body, or in a cookie of a page of ours. Raises Invalid, CrossSite."""
    if body.refresh_token is not UNSET:
        return body.refresh_token
    token = cookies.shown_in(request, "refresh")
    if token is None:
        raise Invalid(errors=[Fault("/refresh_token", "required", "This is required")])
    cookies.check(request, refresh_tokens.read(token).session_id)
    return token


def counted_as(request: Request) -> str | None:
    """What a refresh is counted under; None where no genuine token came, so that guesses count by address."""
    try:
        body = msgspec.json.decode(request.get_data(), type=_Body)
        token = body.refresh_token or cookies.shown_in(request, "refresh") or ""
        return f"session:{refresh_tokens.read(token).session_id}"
    except (msgspec.MsgspecError, RecursionError, InvalidToken):
        return None


class _Body(msgspec.Struct):
    refresh_token: str = ""


def _rotated(sent: RefreshToken, audience: Audience) -> AuthSession:
    with apart() as session:
        row = locks.locked(session, sent.session_id)
        if row is None or row.audience != audience or not _lives(row):
            raise InvalidToken
        # Before it counts on: who is turned away can come back with the same token.
        boundary.admit(_person(row), request.remote_addr)
        if standing.of(row.id) is None:
            raise InvalidToken
        try:
            _take_turn(row, sent.counter)
        except Reused:
            ending.end(session, row, reason=REUSED)
    if row.revoked_at is not None:
        _alarm(row)
        raise InvalidToken
    return row


def _lives(row: AuthSession) -> bool:
    """Whether a session may be refreshed: neither ended nor expired nor idle for too long, and nobody else's."""
    now = clock.now()
    idle = now - row.last_seen_at > settings().jwt_refresh_expiration
    return row.revoked_at is None and row.expires_at > now and not idle and row.impersonator_id is None


def _take_turn(row: AuthSession, counter: int) -> None:
    """Count on, unless that was done a moment ago. Raises Reused."""
    behind = row.counter - counter
    if behind == 0:
        row.counter, row.rotated_at = row.counter + 1, clock.now()
        opening.seen(row)
    elif behind != 1 or clock.now() - row.rotated_at > GRACE:
        raise Reused


def _alarm(row: AuthSession) -> None:
    log.warning("auth.refresh_token_reused", session_id=str(row.id), user_id=str(row.user_id))
    actor = msgspec.structs.replace(_person(row), kind="public")
    publish_apart(RefreshTokenReused(session_id=row.id, user_id=row.user_id), actor=actor, agency_id=row.agency_id)
    publish_apart(SessionRevoked(session_id=row.id, reason=REUSED), actor=actor, agency_id=row.agency_id)


def _person(row: AuthSession) -> Actor:
    return Actor(kind="user", agency_id=row.agency_id, user_id=row.user_id, session_id=row.id, audience=row.audience)
