"""Notes on leads on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Patch, SomeText, View

Mentions = Annotated[
    list[UUID], Meta(max_length=20, description="Colleagues to tell of it; they must see the lead.", examples=[[]])
]


class NoteDraft(Draft):
    """A new note; its author is whoever sends it."""

    text: SomeText
    pinned: bool = False
    mentions: Mentions = []


class NotePatch(Patch):
    """Changes to a note."""

    text: SomeText | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    mentions: Mentions | UnsetType = UNSET


class NoteView(View):
    """A note on a lead."""

    id: UUID
    lead_id: UUID
    author_id: UUID | None
    author_name: str | None
    text: str
    pinned: bool
    mentions: list[UUID]
    edited_at: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class NoteVersionView(View):
    """What a note said for a while."""

    id: UUID
    text: str
    written_at: Instant
    """Since when."""
    created_at: Instant
    """Until when."""
