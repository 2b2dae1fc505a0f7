"""From a bearer token to an actor: verified once, cached by digest, re-checked against the database within a second."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from uuid import UUID

import msgspec
from flask import Request, current_app

from core.actor import Actor, Scope
from core.auth import repository, tokens
from core.auth.errors import InvalidToken
from core.crypto import digest
from core.plugins.manager import installed
from core.roles import builtin

RECHECK_SECONDS = 1.0
"""How long a revoked session or a changed role may still count, per process."""
_LIMIT = 10_000


class _Known(msgspec.Struct):
    actor: Actor
    expires: int
    checked: float


class Principals:
    """The verified tokens of one process."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def actor_of(self, token: str) -> Actor:
        """Who an access token stands for, with the rights they have now. Raises InvalidToken."""
        key = digest(token.encode())
        known = self._known.get(key)
        # Leeway is the codec's; a cached token ends exactly at its time.
        if known is not None and known.expires > time.time():
            if known.checked + RECHECK_SECONDS > time.monotonic():
                return known.actor
            return self._remember(key, known.expires, _actor(known.actor.session_id)).actor
        claims = tokens.verify(token, kind="access")
        actor = _actor(claims.sid)
        if actor.user_id != claims.sub or actor.agency_id != claims.agency:
            raise InvalidToken
        return self._remember(key, claims.exp, actor).actor

    def forget(self) -> None:
        """Check every token anew at its next use."""
        with self._lock:
            self._known.clear()

    def _remember(self, key: bytes, expires: int, actor: Actor) -> _Known:
        known = _Known(actor, expires, time.monotonic())
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _LIMIT:
                self._known.popitem(last=False)
        return known


def principals() -> Principals:
    """The running application's verified tokens."""
    found: Principals = current_app.extensions.setdefault("tripfile.principals", Principals())
    return found


def from_request(request: Request) -> Actor | None:
    """The actor of a request's bearer token; None without one. Raises InvalidToken for a bad one."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return None
    return principals().actor_of(token.strip())


def _actor(session_id: UUID | None) -> Actor:
    """Build the actor of a live session. Raises InvalidToken when it has ended."""
    if session_id is None:
        raise InvalidToken
    standing = repository.standing(session_id)
    if standing is None:
        raise InvalidToken
    return Actor(
        kind="user",
        agency_id=standing.agency_id,
        user_id=standing.user_id,
        session_id=session_id,
        team_ids=frozenset(standing.team_ids),
        grants=_grants(standing.built_in_roles, standing.own_grants),
    )


def _grants(built_in: list[str], own: list[tuple[str, str]]) -> dict[str, Scope]:
    declared = installed().permissions
    found: dict[str, Scope] = {}
    for code in built_in:
        for name, scope in builtin.grants(code, declared.values()).items():
            found[name] = builtin.wider(found.get(name), scope)
    for name, text in own:
        # A permission of a plugin that is gone grants nothing.
        if name in declared:
            found[name] = builtin.wider(found.get(name), Scope(text))
    return found
