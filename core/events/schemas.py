"""The feed of events on the wire."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from core.fields import Instant
from core.http.structs import View

LONGEST_WAIT = 25
MOST = 200


class EventActor(View):
    """Who did it."""

    kind: str
    """`user`, `system` or `public`."""
    id: UUID | None
    """The user, where there was one."""


class FeedItem(View):
    """A fact of the agency's log."""

    seq: int
    """Its number in the agency's log; numbers of what you may not see are missing."""
    id: UUID
    name: str
    schema_version: int
    """The version of the payload's schema: the present one, also for events of long ago."""
    occurred_at: Instant
    subject: str
    """What it happened to, as `leads.lead`."""
    subject_id: UUID
    actor: EventActor
    payload: dict[str, Any]
    """As the catalogue describes it."""


class EventFeed(View):
    """What happened after a number, in order."""

    items: list[FeedItem]
    upto: int
    """Everything to this number has been looked at: ask for what came after it next."""
    more: bool
    """Whether there is more already."""


class FeedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on in the log."""

    after: Annotated[int, Meta(ge=0, le=2**62, description="The last `upto` you were told; 0 for the beginning.")] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST, description="The most events to be told.")] = 100
    wait: Annotated[
        int, Meta(ge=0, le=LONGEST_WAIT, description="Seconds to wait for something where there is nothing yet.")
    ] = 0


class DeclaredEvent(View):
    """A kind of event."""

    name: str
    version: int
    summary: str
    subject: str
    permission: str
    """Who may see it, as far as they may see what it happened to."""
    schema: dict[str, Any]
    """The JSON schema of its payload."""


class EventCatalogue(View):
    """The events that this installation publishes, by name."""

    items: list[DeclaredEvent]
