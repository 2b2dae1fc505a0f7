"""What can be asked of the feed of events."""

from __future__ import annotations

import time

from flask import current_app, g, request

from core.actor import Actor
from core.errors import Unauthorized
from core.events import permissions, reading
from core.events.schemas import EventFeed, FeedQuery
from core.events.waiting import Place, waiting
from core.plugins.manager import installed


def feed(query: FeedQuery) -> EventFeed:
    """What came after a number; waits for it where asked to.

    Raises EventsMissing; Unauthorized and Forbidden for who was signed out or demoted meanwhile.
    """
    found = reading.pull(query.after, query.limit)
    if found.items or found.more or found.upto < query.after or not query.wait:
        return found
    until = time.monotonic() + query.wait
    with waiting(current_app).place() as place:
        return found if place is None else _waited(place, found, query, until)


def _waited(place: Place, found: EventFeed, query: FeedQuery, until: float) -> EventFeed:
    while place.wait(beyond=found.upto, until=until):
        _still_admitted()
        found = reading.pull(found.upto, query.limit)
        if found.items:
            break
    return found


def _still_admitted() -> None:
    """Whoever was signed out or demoted while they waited is told nothing more."""
    actor: Actor | None = installed().hook.authenticate(request=request)
    if actor is None:
        raise Unauthorized
    actor.require(str(permissions.READ))
    g.actor = actor
