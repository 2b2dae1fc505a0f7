"""What a lead's score comes from, on the wire and with the lead."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from core.sdk import View

MOST = 25
"""Points that a plugin can give or take at once."""
Band = Annotated[
    Literal["cold", "warm", "hot"], Meta(description="How promising a lead is, by its score.", examples=["warm"])
]
ScoreValue = Annotated[int, Meta(ge=0, le=100, description="From 0 to 100.", examples=[65])]
Source = Annotated[
    Literal["plugin", "ai"], Meta(description="Whether a plugin knows it, or an AI supposes it.", examples=["plugin"])
]


class Contribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plugin would add to a lead's score, or take from it, and why."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*[.][a-z0-9_.]{1,60}$", examples=["ai.intent"])]
    """It begins with the plugin's name."""
    points: Annotated[int, Meta(ge=-MOST, le=MOST, examples=[10])]
    reason: Annotated[str, Meta(min_length=1, max_length=200, examples=["Asks when they can pay."])]
    kind: Source = "plugin"


class RulePoints(View):
    """A rule that a lead fulfils."""

    rule_id: UUID
    label: str
    points: int


class Suggestion(View):
    """What a plugin said of a lead."""

    name: str
    kind: Source
    points: int
    reason: str
    counted: Annotated[bool, Meta(description="Whether it is part of the score, as the agency decided.")]


class ScoreReasons(View):
    """Where a score comes from."""

    rules: list[RulePoints]
    suggestions: list[Suggestion]
