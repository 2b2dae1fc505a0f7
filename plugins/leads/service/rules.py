"""The rules by which incoming leads are given out, and what members know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from core.sdk import (
    Fault,
    Invalid,
    ListQuery,
    NotFound,
    Page,
    agencies,
    clock,
    fields,
    gather,
    publish,
    to_minor,
    users,
)

from ..events import AssignmentRuleChanged, AssignmentRuleCreated, AssignmentRuleDeleted, SkillsChanged
from ..models.rules import AssignmentRule, Skill
from ..repository.rules import member_skills, rules
from ..schemas.rules import (
    Conditions,
    LeadTrial,
    LeadTrialView,
    RuleDraft,
    RulePatch,
    RuleView,
    SkillDraft,
    SkillView,
)
from . import policy, routing

NEVER = "No lead is both: the rule would never hold"


def rows(query: ListQuery) -> Page[RuleView]:
    """A page of rules."""
    return rules.rows(query)


def view(rule_id: UUID) -> RuleView:
    """A rule. Raises NotFound."""
    return rules.shown(rule_id)


def create(draft: RuleDraft) -> RuleView:
    """Give out leads by another rule. Raises Invalid."""
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    _check(given)
    rule = rules.add(AssignmentRule(**given, turns={}))
    publish(AssignmentRuleCreated(assignment_rule_id=rule.id))
    policy.forget()
    return rules.shown(rule.id)


def change(rule_id: UUID, patch: RulePatch, *, version: int | None) -> RuleView:
    """Change a rule; whose turn it is stays. Raises NotFound, PreconditionFailed, Invalid."""
    rule, changes = rules.get(rule_id, version=version), patch.changes()
    if not changes:
        return rules.shown(rule_id)
    names = RuleDraft.__struct_fields__
    _check({name: changes.get(name, getattr(rule, name)) for name in names})
    for name, value in changes.items():
        setattr(rule, name, value)
    rules.save()
    publish(AssignmentRuleChanged(assignment_rule_id=rule.id, fields=sorted(changes)))
    policy.forget()
    return rules.shown(rule_id)


def delete(rule_id: UUID, *, version: int | None) -> None:
    """Give out leads by a rule no more. Raises NotFound, PreconditionFailed."""
    rule = rules.get(rule_id, version=version)
    rules.remove(rule)
    publish(AssignmentRuleDeleted(assignment_rule_id=rule.id))
    policy.forget()


def attempt(trial: LeadTrial) -> LeadTrialView:
    """Who would get a lead that came in now, and why; nothing is written, and it is nobody's turn. Raises Invalid."""
    if trial.brand_id is not None and not agencies.is_brand(trial.brand_id):
        raise Invalid(errors=[Fault("/brand_id", "unknown", "There is no such brand")])
    minor = None if trial.budget is None else to_minor(trial.budget, pointer="/budget")
    wish = SimpleNamespace(
        source=trial.source,
        kind=trial.kind,
        brand_id=trial.brand_id,
        language=trial.language,
        destinations=trial.destinations,
        budget_minor=minor,
        budget_currency=trial.budget and trial.budget.currency,
    )
    found = routing.decide(wish, trying=True)
    if found is None:
        return LeadTrialView(None, None, None, None)
    priority: Any = found.priority
    return LeadTrialView(found.owner_id, found.team_id, priority, found.because)


def skill_rows(query: ListQuery) -> Page[SkillView]:
    """A page of what members know."""
    return member_skills.rows(query)


def set_skills(user_id: UUID, draft: SkillDraft) -> SkillView:
    """Say what an active member knows. Raises NotFound, Invalid."""
    if not users.zones([user_id]):
        raise NotFound
    checks: list[Callable[[], object]] = [
        partial(fields.check_language, language, pointer=f"/languages/{number}")
        for number, language in enumerate(draft.languages)
    ]
    gather(*checks)
    skill = member_skills.of(user_id)
    if skill is None:
        known = Skill(user_id=user_id, languages=draft.languages, destinations=draft.destinations)
        skill = member_skills.add(known)
    else:
        skill.languages, skill.destinations, skill.updated_at = draft.languages, draft.destinations, clock.now()
        member_skills.save()
    publish(SkillsChanged(user_id=user_id))
    return member_skills.shown(skill.id)


def _check(rule: dict[str, Any]) -> None:
    """Raise Invalid for everything that is wrong with a rule as it would be."""
    checks: list[Callable[[], object]] = [
        partial(_check_candidates, rule),
        partial(check_conditions, rule["conditions"]),
    ]
    if rule["team_id"] is not None:
        checks.append(partial(_check_team, rule["team_id"]))
    if rule["role"] is not None:
        checks.append(partial(_check_role, rule["role"]))
    if rule["user_ids"]:
        checks.append(partial(_check_members, rule["user_ids"]))
    gather(*checks)


def _check_candidates(rule: dict[str, Any]) -> None:
    named = bool(rule["user_ids"])
    if rule["method"] is None:
        if rule["priority"] is None:
            raise Invalid(errors=[Fault("/method", "required", "Say to whom leads go, or how much they hurry")])
    elif not named and rule["team_id"] is None and rule["role"] is None:
        raise Invalid(errors=[Fault("/user_ids", "required", "Name candidates, a team or a role")])
    elif named and rule["role"] is not None:
        raise Invalid(errors=[Fault("/role", "either", "Candidates are named, or those of a role")])


def check_conditions(asked: Conditions) -> None:
    """Raise Invalid for everything in conditions that cannot be."""
    faults = [
        Fault(f"/conditions/brand_ids/{number}", "unknown", "There is no such brand")
        for number, brand_id in enumerate(asked.brand_ids)
        if not agencies.is_brand(brand_id)
    ]
    if asked.budget_from and asked.budget_below:
        if asked.budget_from.currency != asked.budget_below.currency:
            faults.append(Fault("/conditions/budget_below/currency", "differs", "Both bounds are in one currency"))
        elif asked.budget_below.amount <= asked.budget_from.amount:
            faults.append(Fault("/conditions/budget_below", "order", NEVER))
    bounds = {"budget_from": asked.budget_from, "budget_below": asked.budget_below}
    checks: list[Callable[[], object]] = [
        partial(to_minor, bound, pointer=f"/conditions/{name}") for name, bound in bounds.items() if bound is not None
    ]
    checks += [
        partial(fields.check_language, language, pointer=f"/conditions/languages/{number}")
        for number, language in enumerate(asked.languages)
    ]
    gather(*checks, partial(_refuse, faults))


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(errors=faults)


def _check_team(team_id: UUID) -> None:
    if not users.is_team(team_id):
        raise Invalid(errors=[Fault("/team_id", "unknown", "There is no such team")])


def _check_role(code: str) -> None:
    if not users.is_role(code):
        raise Invalid(errors=[Fault("/role", "unknown", "There is no such role")])


def _check_members(user_ids: list[UUID]) -> None:
    known = users.zones(user_ids)
    _refuse(
        [
            Fault(f"/user_ids/{number}", "unknown", "There is no such active member")
            for number, user_id in enumerate(user_ids)
            if user_id not in known
        ]
    )
