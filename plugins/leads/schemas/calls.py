"""Logged calls on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Patch, Text, View

Direction = Annotated[
    Literal["outbound", "inbound"], Meta(description="Whether the agency called, or the client.", examples=["outbound"])
]
Outcome = Annotated[
    Literal["answered", "voicemail", "no_answer", "busy", "wrong_number"],
    Meta(description="What became of the call.", examples=["answered"]),
]
Seconds = Annotated[int, Meta(ge=0, le=86_400, description="How long it took, in seconds.", examples=[240])]
WhatToDo = Annotated[str, Meta(min_length=1, max_length=200, description="What to do.", examples=["Send two lodges"])]


class NextAction(Draft):
    """What comes next, and by when."""

    at: Annotated[Instant, Meta(examples=["2027-03-02T10:00:00+00:00"])]
    text: WhatToDo | None = None


class CallDraft(Draft):
    """A call that took place; whoever sends it was on the phone."""

    direction: Direction
    outcome: Outcome
    at: Annotated[Instant, Meta(description="When it began; now, unless another time is named.")] | UnsetType = UNSET
    duration_seconds: Seconds = 0
    note: Annotated[Text, Meta(description="What was said.")] | None = None
    next_action: NextAction | None = None


class CallPatch(Patch):
    """Corrections of a logged call. What was agreed to come next is changed in the lead."""

    direction: Direction | UnsetType = UNSET
    outcome: Outcome | UnsetType = UNSET
    at: Instant | UnsetType = UNSET
    duration_seconds: Seconds | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET


class CallView(View):
    """A logged call."""

    id: UUID
    lead_id: UUID
    author_id: UUID | None
    author_name: str | None
    direction: Direction
    outcome: Outcome
    at: Instant
    duration_seconds: int
    note: str | None
    next_action_at: Instant | None
    next_action: str | None
    edited_at: Instant | None
    version: int
    created_at: Instant


class CallVersionView(View):
    """What was logged of a call for a while."""

    id: UUID
    direction: Direction
    outcome: Outcome
    at: Instant
    duration_seconds: int
    note: str | None
    written_at: Instant
    """Since when."""
    created_at: Instant
    """Until when."""
