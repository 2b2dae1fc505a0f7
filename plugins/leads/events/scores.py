"""What happened to scores of leads, and to the rules they come from."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class LeadScored(Event):
    """A lead became cold, warm or hot; that its score moved within a band is not told."""

    subject: ClassVar[str] = "lead_id"
    lead_id: UUID
    score: int
    band: Code
    from_band: Code
    by_rules: bool
    """Because the rules changed, and not the lead."""
    imported: bool = False
    """It came by a file with many others, and had no score before: owners are told once of all of them."""


class ScoringRuleCreated(Event):
    """Leads are scored by another rule."""

    subject: ClassVar[str] = "scoring_rule_id"
    scoring_rule_id: UUID


class ScoringRuleChanged(Event):
    """A rule by which leads are scored changed."""

    subject: ClassVar[str] = "scoring_rule_id"
    scoring_rule_id: UUID
    fields: list[Code]


class ScoringRuleDeleted(Event):
    """Leads are scored by a rule no more."""

    subject: ClassVar[str] = "scoring_rule_id"
    scoring_rule_id: UUID


class ScoringChanged(Event):
    """Leads are warm and hot from other scores on, or other points count."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    warm_from: int
    hot_from: int
    count_plugins: bool
    count_ai: bool


class ScoringReset(Event):
    """Leads are scored by the rules that every agency begins with."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    rules: int
