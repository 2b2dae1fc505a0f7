"""Attempts from networks that are not allowed: recorded, but never so often that they fill the log."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

import structlog
from flask import current_app

from core.actor import Actor
from core.allow_lists.events import AddressRefused
from core.events.log import publish_apart
from core.networks import network_of

log = structlog.get_logger()
AGAIN_AFTER = 600.0
"""Seconds after which the same attempt is recorded again."""
MOST = 50
"""How many an agency's log takes in that time from one process, from however many networks they come."""
_BOUND = 10_000


class Attempt(NamedTuple):
    """Who came from where."""

    agency_id: UUID
    who: UUID
    network: str


class Recent:
    """The attempts that were recorded lately in this process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Attempt, float] = OrderedDict()
        self._counts: dict[UUID, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def is_news(self, attempt: Attempt) -> bool:
        """Whether an attempt is to be recorded; it is remembered then."""
        now = time.monotonic()
        with self._lock:
            if now - self._seen.get(attempt, float("-inf")) < AGAIN_AFTER:
                return False
            since, count = self._counts.get(attempt.agency_id, (now, 0))
            if now - since >= AGAIN_AFTER:
                since, count = now, 0
            if count >= MOST:
                return False
            self._counts[attempt.agency_id] = (since, count + 1)
            self._seen[attempt] = now
            self._seen.move_to_end(attempt)
            self._forget_oldest()
            return True

    def _forget_oldest(self) -> None:
        while len(self._seen) > _BOUND:
            self._seen.popitem(last=False)
        while len(self._counts) > _BOUND:
            del self._counts[next(iter(self._counts))]


def note(actor: Actor, *, address: str, refused_by: str) -> None:
    """Record that somebody was turned away, unless that was told a moment ago."""
    assert actor.agency_id is not None
    assert actor.user_id is not None
    log.warning("allow_lists.address_refused", user_id=str(actor.user_id), key_id=actor.key_id, refused_by=refused_by)
    recent: Recent = current_app.extensions.setdefault("tripfile.refused_addresses", Recent())
    if recent.is_news(Attempt(actor.agency_id, actor.key_id or actor.user_id, network_of(address))):
        fact = AddressRefused(user_id=actor.user_id, key_id=actor.key_id, refused_by=refused_by)
        publish_apart(fact, actor=actor, agency_id=actor.agency_id, ip=address)
