"""The rules by which leads are scored, and trying others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import Fault, Invalid, ListQuery, Page, current_actor, current_agency_id, gather, ids, publish, under

from .. import permissions
from ..events.scores import ScoringChanged, ScoringReset, ScoringRuleChanged, ScoringRuleCreated, ScoringRuleDeleted
from ..models import Scoring, ScoringRule
from ..repository import scores as stored
from ..repository import scoring_rules
from ..repository.scores import Facts
from ..repository.scoring_rules import Policy, Rule, rules
from ..schemas.scored import Contribution
from ..schemas.scores import (
    MOST_RULES,
    ScoreConditions,
    ScoringPolicy,
    ScoringRuleDraft,
    ScoringRulePatch,
    ScoringRuleView,
    ScoringTrial,
    ScoringTrialView,
    Spread,
    TriedLead,
)
from . import scoring
from .pipeline import OPEN
from .rules import NEVER, check_conditions
from .scoring import Moment, Score

TRIED = 2_000
"""The newest open leads that other rules are tried on."""
_SAMPLE = 20
_BOUNDS = (
    ("party_from", "party_below"),
    ("idle_days_from", "idle_days_below"),
    ("starts_after_days", "starts_within_days"),
)
_Pair = tuple[Facts, Score, Score]
DEFAULTS = (
    ScoringRuleDraft(label="Has travelled with us", points=20, conditions=ScoreConditions(repeat_client=True)),
    ScoringRuleDraft(label="Can be called", points=10, conditions=ScoreConditions(has_phone=True)),
    ScoringRuleDraft(label="Can be written to", points=5, conditions=ScoreConditions(has_email=True)),
    ScoringRuleDraft(label="Was recommended to us", points=10, conditions=ScoreConditions(sources=["referral"])),
    # Many a form says `fixed` of itself.
    ScoringRuleDraft(
        label="Has fixed days", points=15, conditions=ScoreConditions(date_modes=["fixed"], has_start_date=True)
    ),
    ScoringRuleDraft(label="Knows about when", points=8, conditions=ScoreConditions(date_modes=["window", "month"])),
    ScoringRuleDraft(label="Has named a budget", points=15, conditions=ScoreConditions(has_budget=True)),
    ScoringRuleDraft(label="Six travellers or more", points=10, conditions=ScoreConditions(party_from=6)),
    ScoringRuleDraft(label="Leaves within three months", points=10, conditions=ScoreConditions(starts_within_days=90)),
    ScoringRuleDraft(label="Has talked to us", points=15, conditions=ScoreConditions(answered_from=1)),
    ScoringRuleDraft(
        label="Is qualified, or further",
        points=15,
        conditions=ScoreConditions(statuses=["qualified", "proposal_sent", "negotiation"]),
    ),
    ScoringRuleDraft(label="Nothing for two weeks", points=-15, conditions=ScoreConditions(idle_days_from=14)),
    ScoringRuleDraft(label="Nothing for six weeks", points=-20, conditions=ScoreConditions(idle_days_from=42)),
)
"""What every agency begins with."""


def rows(query: ListQuery) -> Page[ScoringRuleView]:
    """A page of rules."""
    return rules.rows(query)


def view(rule_id: UUID) -> ScoringRuleView:
    """A rule. Raises NotFound."""
    return rules.shown(rule_id)


def create(draft: ScoringRuleDraft) -> ScoringRuleView:
    """Score leads by another rule. Raises Invalid."""
    _check(draft.conditions)
    _changed()
    if rules.count() >= MOST_RULES:
        raise Invalid(errors=[Fault("", "too_many", f"An agency has {MOST_RULES} rules at most")])
    rule = rules.add(_row(draft))
    publish(ScoringRuleCreated(scoring_rule_id=rule.id), of=rule)
    return rules.shown(rule.id)


def change(rule_id: UUID, patch: ScoringRulePatch, *, version: int | None) -> ScoringRuleView:
    """Change a rule. Raises NotFound, PreconditionFailed, Invalid."""
    changes = patch.changes()
    if not changes:
        return rules.shown(rules.get(rule_id, version=version).id)
    _changed()
    rule = rules.get(rule_id, version=version)
    if "conditions" in changes:
        _check(changes["conditions"])
    for name, value in changes.items():
        setattr(rule, name, value)
    rules.save()
    publish(ScoringRuleChanged(scoring_rule_id=rule.id, fields=sorted(changes)), of=rule)
    return rules.shown(rule_id)


def delete(rule_id: UUID, *, version: int | None) -> None:
    """Score leads by a rule no more. Raises NotFound, PreconditionFailed."""
    _changed()
    rule = rules.get(rule_id, version=version)
    rules.remove(rule)
    publish(ScoringRuleDeleted(scoring_rule_id=rule.id))


def policy() -> ScoringPolicy:
    """What becomes of points."""
    found = scoring_rules.policy()
    return ScoringPolicy(
        warm_from=found.warm_from,
        hot_from=found.hot_from,
        count_plugins=found.count_plugins,
        count_ai=found.count_ai,
    )


def change_policy(wanted: ScoringPolicy) -> ScoringPolicy:
    """Say so anew. Raises Invalid."""
    if wanted.hot_from <= wanted.warm_from:
        raise Invalid(errors=[Fault("/hot_from", "order", "A lead is warm before it is hot")])
    row = _changed()
    for name in wanted.__struct_fields__:
        setattr(row, name, getattr(wanted, name))
    told = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    publish(ScoringChanged(agency_id=current_agency_id(), **told), of=row)
    return wanted


def seed() -> None:
    """Give an agency the rules that every one begins with."""
    rules.add_all([_row(draft, position) for position, draft in enumerate(DEFAULTS, start=1)])
    scoring_rules.policy_row()


def reset() -> Page[ScoringRuleView]:
    """Take the rules that every agency begins with, instead of one's own."""
    _changed()
    for rule_id in rules.every_id():
        publish(ScoringRuleDeleted(scoring_rule_id=rule_id))
    rules.clear()
    seed()
    publish(ScoringReset(agency_id=current_agency_id(), rules=len(DEFAULTS)))
    return rules.rows(ListQuery(limit=MOST_RULES))


def attempt(trial: ScoringTrial) -> ScoringTrialView:
    """What other rules would come to, for the newest open leads; nothing is written. Raises Invalid."""
    gather(*(partial(_check_tried, number, each) for number, each in enumerate(trial.rules)))
    wanted = [Rule(ids.new(), each.label, each.points, each.conditions) for each in trial.rules if each.active]
    present, found = scoring_rules.active(), scoring_rules.policy()
    at = scoring.moment()
    pairs = [
        (facts, tried(facts, present, found, at), tried(facts, wanted, found, at))
        for facts in stored.newest(statuses=OPEN, most=TRIED)
    ]
    return ScoringTrialView(
        leads=len(pairs),
        changed=sum(before.value != after.value for _, before, after in pairs),
        before=_spread([before for _, before, _ in pairs]),
        after=_spread([after for _, _, after in pairs]),
        sample=_sample(pairs),
    )


def tried(facts: Facts, by: Sequence[Rule], found: Policy, at: Moment) -> Score:
    """What other rules make of a lead; what plugins said the last time stays as it is."""
    kept = facts.reasons.suggestions if facts.reasons is not None else ()
    said = [Contribution(each.name, each.points, each.reason, each.kind) for each in kept]
    return scoring.score(facts, by, found, at, said)


def _changed() -> Scoring:
    """Count up which rules hold; whoever else changes them waits, with none of them locked before this."""
    row = scoring_rules.policy_row()
    row.generation += 1
    return row


def _row(draft: ScoringRuleDraft, position: int | None = None) -> ScoringRule:
    return ScoringRule(
        label=draft.label,
        points=draft.points,
        position=draft.position if position is None else position,
        active=draft.active,
        conditions=draft.conditions,
    )


def _check_tried(number: int, draft: ScoringRuleDraft) -> None:
    with under(f"/rules/{number}"):
        _check(draft.conditions)


def _check(asked: ScoreConditions) -> None:
    """Raise Invalid for everything in conditions that cannot be."""
    gather(partial(check_conditions, asked), partial(_check_bounds, asked))


def _check_bounds(asked: ScoreConditions) -> None:
    faults = []
    for least, below in _BOUNDS:
        low, high = getattr(asked, least), getattr(asked, below)
        if low is not None and high is not None and high <= low:
            faults.append(Fault(f"/conditions/{below}", "order", NEVER))
    if faults:
        raise Invalid(errors=faults)


def _spread(found: Sequence[Score]) -> Spread:
    bands: Any = [each.band for each in found]
    average = round(sum(each.value for each in found) / len(found)) if found else 0
    return Spread(bands.count("cold"), bands.count("warm"), bands.count("hot"), average)


def _sample(pairs: Sequence[_Pair]) -> list[TriedLead]:
    """Those that would change most, of those that the caller sees."""
    actor = current_actor()
    seen = [
        pair
        for pair in pairs
        if actor.reaches(permissions.READ.name, owner_id=pair[0].owner_id, team_id=pair[0].team_id)
    ]
    most = sorted(seen, key=lambda pair: (-abs(pair[2].value - pair[1].value), pair[0].reference))[:_SAMPLE]
    return [
        TriedLead(
            facts.id,
            facts.reference,
            before.value,
            after.value,
            before.band,
            after.band,
            [each.label for each in after.reasons.rules],
        )
        for facts, before, after in most
        if before.value != after.value
    ]
