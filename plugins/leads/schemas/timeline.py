"""What happened on a lead, and its files, on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from core.sdk import Draft, Instant, View


class TimelineQuery(Draft):
    """Which part of a lead's timeline."""

    kinds: Annotated[
        str,
        Meta(
            pattern=r"^([a-z][a-z0-9_.]{0,60}(,[a-z][a-z0-9_.]{0,60}){0,19})?$",
            description="Kinds of entries, as note,task; all without it.",
            examples=["note,task"],
        ),
    ] = ""
    cursor: Annotated[str, Meta(max_length=2000, description="`next` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="Entries on a page.")] = 50


class TimelineEntry(View):
    """One thing that happened on a lead."""

    kind: str
    """`note`, `status`, `call`, `task`, `file`, or what another plugin calls its own: `quotes.sent`."""
    id: UUID
    at: Instant
    title: str
    text: str | None
    actor_id: UUID | None
    actor_name: str | None
    link: str | None
    """Where in the API the whole of it is."""
    data: dict[str, str | int | bool | None]
    """Codes and numbers that the kind brings along."""


class TimelinePage(View):
    """A page of a timeline, newest first."""

    items: list[TimelineEntry]
    next: str | None
    """Opaque cursor of the next page; null on the last one."""


class AttachmentView(View):
    """A file of a lead."""

    id: UUID
    lead_id: UUID
    name: str
    media_type: str
    size: int
    author_id: UUID | None
    author_name: str | None
    version: int
    created_at: Instant
