"""Notifications live: the topic clients pull from."""

from __future__ import annotations

from core.sdk import Actor, Topic

from .repository.stored import scope_of
from .schemas import NotificationView
from .service import reading


def _own(actor: Actor) -> str:
    # Only people sign in on a socket.
    assert actor.user_id is not None
    return scope_of(actor.user_id)


TOPIC = Topic(
    name="notifications",
    summary="What you are told, in order; acknowledging marks it as read.",
    item=NotificationView,
    scope=_own,
    pull=reading.pull,
    acknowledge=reading.acknowledge,
)
