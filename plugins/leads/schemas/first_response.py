"""First responses on the wire: how soon they are due, and whether they came in time."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from core.sdk import Draft, Instant, View

Priority = Annotated[
    Literal["urgent", "high", "normal", "low"],
    Meta(description="How much a first response hurries.", examples=["normal"]),
]
ResponseState = Annotated[
    Literal["pending", "overdue", "met", "late", "waived"],
    Meta(
        description="Awaited; awaited although it was due; given in time; given too late; or the lead was lost before.",
        examples=["pending"],
    ),
]
Minutes = Annotated[int, Meta(ge=1, le=60_000, description="Working minutes; null for no limit.", examples=[240])]


class FirstResponse(View):
    """When a lead is, or was, to get a first response."""

    due_at: Instant
    responded_at: Instant | None
    working_minutes_taken: int | None
    state: ResponseState


class FirstResponseTargets(Draft):
    """Within how many working minutes a lead gets a first response, by its priority."""

    # Replaced as a whole: what is left out would be lost without a word.
    urgent: Minutes | None
    high: Minutes | None
    normal: Minutes | None
    low: Minutes | None
