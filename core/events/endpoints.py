"""The feed of events over HTTP."""

from __future__ import annotations

from core.events import catalogue as known
from core.events import permissions, service
from core.events.schemas import EventCatalogue, EventFeed, FeedQuery
from core.http.blueprint import Blueprint
from core.plugins.manager import installed

blueprint = Blueprint("events", description="What happened, in order, for those who keep up with it.")


@blueprint.get("/", permission=permissions.READ, uncached=True)
@blueprint.query(FeedQuery)
@blueprint.response(200, EventFeed)
def feed(query: FeedQuery) -> EventFeed:
    """Tell what happened after a number, as far as you may see it; with `wait`, wait for something to happen.

    Where more requests wait already than the process has room for, the answer comes at once.
    """
    return service.feed(query)


@blueprint.get("/catalogue", permission=permissions.READ)
@blueprint.response(200, EventCatalogue)
def catalogue() -> EventCatalogue:
    """List the kinds of events there are."""
    return EventCatalogue(known.entries(installed()))
