"""Who gets incoming leads, and within which time they are answered, over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from .. import permissions
from ..repository.rules import MemberSkills, Rules
from ..schemas.first_response import FirstResponseTargets
from ..schemas.rules import LeadTrial, LeadTrialView, RuleDraft, RulePatch, RuleView, SkillDraft, SkillView
from ..service import rules, sla

blueprint = Blueprint("leads_rules", description="Who gets incoming leads, and within which time they are answered.")


@blueprint.get("/assignment-rules", permission=permissions.MANAGE_RULES)
@blueprint.listing(Rules.listing)
@blueprint.response(200, Page[RuleView])
def search(query: ListQuery) -> Page[RuleView]:
    """List the rules by which incoming leads are given out."""
    return rules.rows(query)


@blueprint.post("/assignment-rules", permission=permissions.MANAGE_RULES)
@blueprint.arguments(RuleDraft)
@blueprint.response(201, RuleView)
def create(draft: RuleDraft) -> RuleView:
    """Give out leads by another rule."""
    return rules.create(draft)


@blueprint.post("/assignment-rules/try", permission=permissions.MANAGE_RULES)
@blueprint.arguments(LeadTrial)
@blueprint.response(200, LeadTrialView)
def attempt(trial: LeadTrial) -> LeadTrialView:
    """Show who would get a lead that came in now, and why; nothing happens."""
    return rules.attempt(trial)


@blueprint.get("/assignment-rules/<uuid:rule_id>", permission=permissions.MANAGE_RULES)
@blueprint.response(200, RuleView)
def show(rule_id: UUID) -> RuleView:
    """Show a rule."""
    return rules.view(rule_id)


@blueprint.patch("/assignment-rules/<uuid:rule_id>", permission=permissions.MANAGE_RULES)
@blueprint.if_match
@blueprint.arguments(RulePatch)
@blueprint.response(200, RuleView)
def change(patch: RulePatch, rule_id: UUID, version: int | None) -> RuleView:
    """Change a rule."""
    return rules.change(rule_id, patch, version=version)


@blueprint.delete("/assignment-rules/<uuid:rule_id>", permission=permissions.MANAGE_RULES)
@blueprint.if_match
@blueprint.response(204)
def delete(rule_id: UUID, version: int | None) -> None:
    """Give out leads by a rule no more."""
    rules.delete(rule_id, version=version)


@blueprint.get("/skills", permission=permissions.MANAGE_RULES)
@blueprint.listing(MemberSkills.listing)
@blueprint.response(200, Page[SkillView])
def search_skills(query: ListQuery) -> Page[SkillView]:
    """List which languages and destinations members know."""
    return rules.skill_rows(query)


@blueprint.put("/skills/<uuid:user_id>", permission=permissions.MANAGE_RULES)
@blueprint.arguments(SkillDraft)
@blueprint.response(200, SkillView)
def set_skills(draft: SkillDraft, user_id: UUID) -> SkillView:
    """Say which languages and destinations a member knows."""
    return rules.set_skills(user_id, draft)


@blueprint.get("/first-response", permission=permissions.READ)
@blueprint.response(200, FirstResponseTargets)
def show_targets() -> FirstResponseTargets:
    """Show within how many working minutes leads get a first response."""
    return sla.targets()


@blueprint.put("/first-response", permission=permissions.MANAGE_RULES)
@blueprint.arguments(FirstResponseTargets)
@blueprint.response(200, FirstResponseTargets)
def change_targets(body: FirstResponseTargets) -> FirstResponseTargets:
    """Say within how many working minutes leads that come in from now on get a first response."""
    return sla.change_targets(body)
