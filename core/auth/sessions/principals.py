"""From a bearer token to an actor: verified once, cached by digest, good until the revocations say otherwise."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

import msgspec
from flask import Request, current_app, g

from core.actor import STAFF, Actor, Audience, Scope
from core.auth.errors import InvalidToken
from core.auth.sessions import standing
from core.auth.sessions.standing import Standing
from core.auth.tokens import access, cookies
from core.crypto import digest
from core.keyring import rings
from core.keyring.rings import Ring
from core.plugins.manager import installed
from core.revocations import api as revocations
from core.roles import builtin

RECHECK_SECONDS = 60.0
"""After this long the database is asked anew, whatever the feed of revocations says."""
_LIMIT = 10_000


class _Known(msgspec.Struct):
    actor: Actor
    key_id: UUID
    expires: float
    checked: float


class Principals:
    """The verified tokens of one process."""

    def __init__(self, feed: revocations.Watch, ring: Ring) -> None:
        self._feed = feed
        self._ring = ring
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def actor_of(self, token: str, *, audience: Audience = STAFF) -> Actor:
        """Who an access token for an audience stands for, with the rights they have now. Raises InvalidToken."""
        key = digest(token.encode("utf-8", "surrogatepass"))
        known = self._known.get(key)
        # Leeway is the codec's; a cached token ends exactly at its time.
        if known is None or known.expires <= time.time():
            claims = access.verify(token, audience=audience)
            known = _asked(claims.sid, key_id=claims.kid, expires=claims.exp)
            if known.actor.user_id != claims.sub or known.actor.agency_id != claims.agency:
                raise InvalidToken
            self._remember(key, known)
        elif not self._holds(known):
            self._forget(key)
            # A key that is dropped is told of as a revocation.
            if not self._ring.holds(known.key_id, as_of=self._feed.latest):
                raise InvalidToken
            known = _asked(known.actor.session_id, key_id=known.key_id, expires=known.expires)
            self._remember(key, known)
        if known.actor.audience != audience:
            raise InvalidToken
        return known.actor

    def forget(self) -> None:
        """Check every token anew at its next use."""
        with self._lock:
            self._known.clear()

    def _holds(self, known: _Known) -> bool:
        if time.monotonic() - known.checked >= RECHECK_SECONDS:
            return False
        if self._ring.find(known.key_id) is None:
            return False
        actor = known.actor
        subjects = (actor.session_id, actor.user_id, actor.agency_id, actor.impersonator_id)
        return self._feed.holds(known.checked, *subjects)

    def _forget(self, key: bytes) -> None:
        with self._lock:
            self._known.pop(key, None)

    def _remember(self, key: bytes, known: _Known) -> None:
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _LIMIT:
                self._known.popitem(last=False)


def principals() -> Principals:
    """The running application's verified tokens."""
    found: Principals | None = current_app.extensions.get("tripfile.principals")
    if found is None:
        made = Principals(revocations.watch(current_app), rings.ring(rings.TOKENS))
        found = current_app.extensions.setdefault("tripfile.principals", made)
    return found


def from_request(request: Request) -> Actor | None:
    """The actor of a request's access token; None without one. Raises InvalidToken for a bad one, CrossSite."""
    header = request.headers.get("Authorization")
    audience: Audience = g.get("audience", STAFF)
    if header is None:
        return _from_cookie(request, audience)
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return None
    return principals().actor_of(token.strip(), audience=audience)


def _from_cookie(request: Request, audience: Audience) -> Actor | None:
    token = cookies.shown_in(request, "access", audience)
    if token is None:
        return None
    actor = principals().actor_of(token, audience=audience)
    assert actor.session_id is not None
    cookies.check(request, actor.session_id)
    return actor


def _asked(session_id: UUID | None, *, key_id: UUID, expires: float) -> _Known:
    """What the database says of a session. Raises InvalidToken when it has ended."""
    # Before the question: what is revoked while it is answered is later than this.
    checked = time.monotonic()
    if session_id is None:
        raise InvalidToken
    found = standing.of(session_id)
    # Whoever acts as themselves came as support, also where they have a place of their own.
    if found is None or found.impersonator_id == found.user_id:
        actor, ends = _supporting(session_id)
        return _Known(actor, key_id, min(expires, ends), checked)
    actor = Actor(
        kind="user",
        agency_id=found.agency_id,
        user_id=found.user_id,
        session_id=session_id,
        audience=found.audience,
        impersonator_id=found.impersonator_id,
        proven_at=found.proven_at,
        methods=frozenset(found.methods),
        team_ids=frozenset(found.team_ids),
        # What roles grant is for people who work there.
        grants=_granted(found, session_id) if found.audience == STAFF else {},
    )
    return _Known(actor, key_id, min(expires, found.expires_at.timestamp()), checked)


def _granted(allowed: Standing, session_id: UUID) -> Mapping[str, Scope]:
    grants = builtin.combined(allowed.built_in_roles, allowed.own_grants, installed().permissions)
    if allowed.impersonator_id is None:
        return grants
    # Late: impersonation stands on sign-in.
    from core.impersonation import warrants

    narrowed = warrants.narrowed(session_id, grants)
    if narrowed is None:
        raise InvalidToken
    return narrowed


def _supporting(session_id: UUID) -> tuple[Actor, float]:
    """An operator in an agency where they have no place, and until when. Raises InvalidToken for everybody else."""
    from core.impersonation import warrants

    found = warrants.support(session_id)
    if found is None:
        raise InvalidToken
    return found
