"""How promising leads are, over HTTP: their scores, and the rules these come from."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from .. import permissions
from ..repository.scoring_rules import ScoringRules
from ..schemas.scores import (
    ScoreView,
    ScoringPolicy,
    ScoringRuleDraft,
    ScoringRulePatch,
    ScoringRuleView,
    ScoringTrial,
    ScoringTrialView,
)
from ..service import score_rules, scoring

blueprint = Blueprint("leads_scores", description="How promising leads are, and by which rules.")


@blueprint.get("/<uuid:lead_id>/score", permission=permissions.READ, problems=(410,))
@blueprint.response(200, ScoreView)
def show_score(lead_id: UUID) -> ScoreView:
    """Show a lead's score, and where it comes from."""
    return scoring.view(lead_id)


@blueprint.get("/scoring", permission=permissions.READ)
@blueprint.response(200, ScoringPolicy)
def show_policy() -> ScoringPolicy:
    """Show from which score leads are warm and hot, and whose points count."""
    return score_rules.policy()


@blueprint.put("/scoring", permission=permissions.SCORING)
@blueprint.arguments(ScoringPolicy)
@blueprint.response(200, ScoringPolicy)
def change_policy(body: ScoringPolicy) -> ScoringPolicy:
    """Say from which score leads are warm and hot, and whose points count."""
    return score_rules.change_policy(body)


@blueprint.post("/scoring/try", permission=permissions.SCORING, cost=5)
@blueprint.arguments(ScoringTrial)
@blueprint.response(200, ScoringTrialView)
def attempt(trial: ScoringTrial) -> ScoringTrialView:
    """Show what other rules would come to, for the newest open leads; nothing happens."""
    return score_rules.attempt(trial)


@blueprint.post("/scoring/reset", permission=permissions.SCORING)
@blueprint.response(200, Page[ScoringRuleView])
def reset() -> Page[ScoringRuleView]:
    """Take the rules that every agency begins with, instead of one's own."""
    return score_rules.reset()


@blueprint.get("/scoring/rules", permission=permissions.SCORING)
@blueprint.listing(ScoringRules.listing)
@blueprint.response(200, Page[ScoringRuleView])
def search(query: ListQuery) -> Page[ScoringRuleView]:
    """List the rules by which leads are scored."""
    return score_rules.rows(query)


@blueprint.post("/scoring/rules", permission=permissions.SCORING)
@blueprint.arguments(ScoringRuleDraft)
@blueprint.response(201, ScoringRuleView)
def create(draft: ScoringRuleDraft) -> ScoringRuleView:
    """Score leads by another rule."""
    return score_rules.create(draft)


@blueprint.get("/scoring/rules/<uuid:rule_id>", permission=permissions.SCORING)
@blueprint.response(200, ScoringRuleView)
def show(rule_id: UUID) -> ScoringRuleView:
    """Show a rule."""
    return score_rules.view(rule_id)


@blueprint.patch("/scoring/rules/<uuid:rule_id>", permission=permissions.SCORING)
@blueprint.if_match
@blueprint.arguments(ScoringRulePatch)
@blueprint.response(200, ScoringRuleView)
def change(patch: ScoringRulePatch, rule_id: UUID, version: int | None) -> ScoringRuleView:
    """Change a rule."""
    return score_rules.change(rule_id, patch, version=version)


@blueprint.delete("/scoring/rules/<uuid:rule_id>", permission=permissions.SCORING)
@blueprint.if_match
@blueprint.response(204)
def delete(rule_id: UUID, version: int | None) -> None:
    """Score leads by a rule no more."""
    score_rules.delete(rule_id, version=version)
