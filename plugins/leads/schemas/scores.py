"""Rules by which leads are scored, on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Patch, View

from . import DateMode, Status
from .rules import Conditions, Position
from .scored import Band, RulePoints, ScoreValue, Suggestion

MOST_RULES = 100
"""Rules of an agency."""
Label = Annotated[str, Meta(min_length=1, max_length=100, description="The reason as people read it.")]
Points = Annotated[
    int, Meta(ge=-100, le=100, description="What it adds to the score, or takes from it.", examples=[15])
]
Least = Annotated[int, Meta(ge=1, le=10_000, examples=[2])]
Days = Annotated[int, Meta(ge=0, le=3_650, description="Days.", examples=[90])]


class ScoreConditions(Conditions, frozen=True, forbid_unknown_fields=True):
    """What a lead fulfils for a rule to hold: each of these, and of each list any.

    Beside those of the rules that give out leads: how the lead stands, who asks, and what happened since. A lead that
    does not say fulfils no condition about it.
    """

    statuses: Annotated[list[Status], Meta(max_length=8)] = []
    date_modes: Annotated[list[DateMode], Meta(max_length=4)] = []
    has_start_date: Annotated[bool | None, Meta(description="Whether the day it begins is known.")] = None
    has_budget: bool | None = None
    party_from: Annotated[Least | None, Meta(description="Travellers at least, children and infants too.")] = None
    party_below: Annotated[Least | None, Meta(description="Fewer travellers than that.")] = None
    starts_within_days: Annotated[Days | None, Meta(description="The journey begins so soon, or today.")] = None
    starts_after_days: Annotated[Days | None, Meta(description="The journey begins later than that.")] = None
    repeat_client: Annotated[bool | None, Meta(description="Whether another lead of the contact was won.")] = None
    has_phone: bool | None = None
    has_email: bool | None = None
    calls_from: Annotated[Least | None, Meta(description="Logged calls at least.")] = None
    answered_from: Annotated[Least | None, Meta(description="Answered calls at least.")] = None
    idle_days_from: Annotated[Days | None, Meta(description="Nothing has happened for so many whole days.")] = None
    idle_days_below: Annotated[Days | None, Meta(description="Something happened fewer days ago than that.")] = None


class ScoringRuleDraft(Draft):
    """A new rule."""

    label: Label
    points: Points
    position: Position = 100
    active: bool = True
    conditions: ScoreConditions = ScoreConditions()


class ScoringRulePatch(Patch):
    """Changes to a rule; its conditions are replaced as a whole."""

    label: Label | UnsetType = UNSET
    points: Points | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    conditions: ScoreConditions | UnsetType = UNSET


class ScoringRuleView(View):
    """A rule."""

    id: UUID
    label: str
    points: int
    position: int
    active: bool
    conditions: ScoreConditions
    version: int
    created_at: Instant
    updated_at: Instant


class ScoringPolicy(Draft):
    """What becomes of points: from which score a lead is warm and hot, and whether what plugins say counts."""

    # Replaced as a whole: what is left out would be lost without a word.
    warm_from: ScoreValue
    hot_from: ScoreValue
    count_plugins: Annotated[bool, Meta(description="Whether what plugins know counts.")]
    count_ai: Annotated[bool, Meta(description="Whether what an AI supposes counts.")]


class ScoreView(View):
    """A lead's score, and where it comes from. It is the sum of what counts, 0 at least and 100 at most."""

    lead_id: UUID
    score: Annotated[int | None, Meta(description="Null until it is reckoned, seconds after the lead came in.")]
    band: Band | None
    points: Annotated[int, Meta(description="The sum before it is kept between 0 and 100.")]
    rules: Annotated[list[RulePoints], Meta(description="The agency's rules that it fulfils.")]
    suggestions: Annotated[list[Suggestion], Meta(description="What plugins say of it.")]
    computed_at: Annotated[Instant | None, Meta(description="A closed lead keeps its last score.")]


class ScoringTrial(Draft):
    """Rules that an agency might have, instead of those it has."""

    rules: Annotated[list[ScoringRuleDraft], Meta(max_length=MOST_RULES)]


class Spread(View):
    """How leads are spread over the bands."""

    cold: int
    warm: int
    hot: int
    average: Annotated[int, Meta(description="Of their scores, rounded.")]


class TriedLead(View):
    """What would become of a lead's score."""

    id: UUID
    reference: str
    before: int
    after: int
    band_before: Band
    band_after: Band
    labels: Annotated[list[str], Meta(description="Of the rules that it would fulfil.")]


class ScoringTrialView(View):
    """What other rules would come to, for the newest open leads."""

    leads: Annotated[int, Meta(description="How many were looked at.")]
    changed: Annotated[int, Meta(description="How many of them would have another score.")]
    before: Spread
    after: Spread
    sample: Annotated[list[TriedLead], Meta(description="Those that the caller sees and that would change most.")]
