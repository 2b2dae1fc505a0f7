"""From an API key to an actor: asked of the database once, cached by digest, good until something is revoked."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

import msgspec
from flask import current_app

from core import clock
from core.actor import Actor, Scope
from core.api_keys import form, repository
from core.api_keys.last_use import LastUse
from core.api_keys.repository import Kept, Standing
from core.auth.errors import InvalidToken
from core.crypto import digest, equal
from core.plugins.manager import installed
from core.revocations import api as revocations
from core.roles import builtin

RECHECK_SECONDS = 60.0
"""After this long the database is asked anew, whatever the feed of revocations says."""
_LIMIT = 10_000


class _Known(msgspec.Struct):
    actor: Actor
    expires: float
    checked: float


class Principals:
    """The keys this process has seen lately."""

    def __init__(self, feed: revocations.Watch, uses: LastUse) -> None:
        self._feed = feed
        self._uses = uses
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def actor_of(self, text: str) -> Actor:
        """Whom a key acts for, with the rights it has now. Raises InvalidToken."""
        place = digest(text.encode("utf-8", "surrogatepass"))
        known = self._known.get(place)
        if known is None or not self._holds(known):
            self._forget(place)
            known = _asked(text, place)
            self._remember(place, known)
        assert known.actor.key_id is not None
        self._uses.note(known.actor.key_id)
        return known.actor

    def _holds(self, known: _Known) -> bool:
        if known.expires <= time.time() or time.monotonic() - known.checked >= RECHECK_SECONDS:
            return False
        actor = known.actor
        return self._feed.holds(known.checked, actor.key_id, actor.user_id, actor.agency_id)

    def _forget(self, place: bytes) -> None:
        with self._lock:
            self._known.pop(place, None)

    def _remember(self, place: bytes, known: _Known) -> None:
        with self._lock:
            self._known[place] = known
            while len(self._known) > _LIMIT:
                self._known.popitem(last=False)


def principals() -> Principals:
    """The running application's keys."""
    found: Principals | None = current_app.extensions.get("tripfile.api_keys")
    if found is None:
        made = Principals(revocations.watch(current_app), LastUse(current_app))
        found = current_app.extensions.setdefault("tripfile.api_keys", made)
    return found


def known(text: str) -> Kept | None:
    """The key that a text is, whether or not its owner may use it just now; None for anything else."""
    key_id = form.id_of(text, within=repository.environment())
    kept = repository.kept(key_id) if key_id is not None else None
    if kept is None or _until(kept, digest(text.encode("utf-8", "surrogatepass"))) is None:
        return None
    return kept


def _matching(text: str, place: bytes) -> tuple[Standing, datetime] | None:
    # Most of what is no key is told by its form and its checksum, without a question.
    key_id = form.id_of(text, within=repository.environment())
    standing = repository.standing(key_id) if key_id is not None else None
    until = _until(standing, place) if standing is not None else None
    return (standing, until) if standing is not None and until is not None else None


def _until(key: Standing | Kept, place: bytes) -> datetime | None:
    """Until when a text with this digest opens; None where it is not the key's, or not any more."""
    if equal(bytes.fromhex(key.digest), place):
        return key.expires_at
    until = key.previous_until
    if key.previous_digest is None or until is None or until <= clock.now():
        return None
    return min(until, key.expires_at) if equal(bytes.fromhex(key.previous_digest), place) else None


def _asked(text: str, place: bytes) -> _Known:
    """What the database says of a key. Raises InvalidToken."""
    # Before the question: what is revoked while it is answered is later than this.
    checked = time.monotonic()
    found = _matching(text, place)
    if found is None:
        raise InvalidToken
    standing, until = found
    return _Known(_actor(standing), until.timestamp(), checked)


def _actor(standing: Standing) -> Actor:
    rights = builtin.combined(standing.built_in_roles, standing.own_grants, installed().permissions)
    return Actor(
        kind="key",
        agency_id=standing.agency_id,
        user_id=standing.user_id,
        key_id=standing.id,
        team_ids=frozenset(standing.team_ids),
        grants=within(standing.scopes, rights),
        networks=tuple(standing.networks),
        rate_limit=standing.rate_limit,
    )


def within(scopes: Mapping[str, Scope], rights: Mapping[str, Scope]) -> dict[str, Scope]:
    """What a key with these scopes may do whose owner has these rights: whichever reaches less far."""
    return {name: builtin.narrower(scope, rights[name]) for name, scope in scopes.items() if name in rights}
