"""Events: what happened in an agency, in order, for those who may see it."""

from __future__ import annotations

from core.actor import Actor
from core.events import endpoints, hooks, permissions, reading
from core.events.log import SCOPE
from core.events.schemas import FeedItem
from core.plugins.spec import CORE_VERSION, Plugin
from core.realtime.spec import Topic


def _scope(_actor: Actor) -> str:
    return SCOPE


plugin = Plugin(
    name="events",
    version=CORE_VERSION,
    core=f"=={CORE_VERSION}",
    summary="What happened in an agency, in order, for those who may see it.",
    permissions=permissions.ALL,
    blueprints=(endpoints.blueprint,),
    topics=(
        Topic(
            name="events",
            summary="What happens in the agency, as far as one may see it.",
            item=FeedItem,
            scope=_scope,
            pull=reading.topic_page,
            permission=str(permissions.READ),
        ),
    ),
    hooks=hooks,
)
