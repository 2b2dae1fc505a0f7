"""Notes on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from core.sdk import UNSET, Country, Draft, Instant, Patch, UnsetType, View

Body = Annotated[
    str, Meta(min_length=1, max_length=10_000, description="What to remember.", examples=["Ask three weeks ahead."])
]


class NoteDraft(Draft):
    """A new note."""

    country: Country
    body: Body


class NotePatch(Patch):
    """Changes to a note."""

    country: Country | UnsetType = UNSET
    body: Body | UnsetType = UNSET


class NoteView(View):
    """A note."""

    id: UUID
    country: str
    body: str
    version: int
    created_at: Instant
    updated_at: Instant
