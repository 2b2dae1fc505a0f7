"""Scores of leads: the sum of the points of the rules a lead fulfils, and of what plugins say where that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import structlog

from core.sdk import agencies, clock, installed, publish

from ..events.scores import LeadScored
from ..repository import scores as stored
from ..repository import scoring_rules
from ..repository.scores import Facts
from ..repository.scoring_rules import Policy, Rule
from ..schemas.scored import Band, Contribution, RulePoints, ScoreReasons, Suggestion
from ..schemas.scores import ScoreConditions, ScoreView
from . import routing
from .pipeline import OPEN

CHUNK = 2_000
"""Leads that are reckoned in one unit of work."""
_FIRST = UUID(int=0)
log = structlog.get_logger()


class Moment(NamedTuple):
    """When leads are reckoned."""

    now: datetime
    today: date
    """In the agency's zone."""


class Score(NamedTuple):
    """What rules come to."""

    value: int
    band: Band
    reasons: ScoreReasons


class Done(NamedTuple):
    """How far a unit of work has come."""

    leads: int
    last: UUID | None
    """None where there are no more."""


def moment() -> Moment:
    """Now, where the acting agency is."""
    return Moment(clock.now(), clock.today(agencies.agency_view().zone))


def score(facts: Facts, rules: Sequence[Rule], policy: Policy, at: Moment, said: Sequence[Contribution] = ()) -> Score:
    """What these rules make of a lead, and what plugins said of it.

    score = min(100, max(0, sum of the points of the rules whose conditions hold + sum of the suggestions whose kind
    counts in the agency)). It is hot from `hot_from` on, warm from `warm_from` on, and else cold.
    """
    found = [RulePoints(each.id, each.label, each.points) for each in rules if holds(each.conditions, facts, at)]
    suggestions = [
        Suggestion(each.name, each.kind, each.points, each.reason, counted=_counts(each, policy)) for each in said
    ]
    value = min(100, max(0, total(ScoreReasons(found, suggestions))))
    return Score(value, band_of(value, policy), ScoreReasons(found, suggestions))


def total(reasons: ScoreReasons) -> int:
    """The sum of what counts."""
    counted = sum(each.points for each in reasons.suggestions if each.counted)
    return counted + sum(each.points for each in reasons.rules)


def band_of(value: int, policy: Policy) -> Band:
    """Which band a score is in."""
    if value >= policy.hot_from:
        return "hot"
    return "warm" if value >= policy.warm_from else "cold"


def holds(asked: ScoreConditions, facts: Facts, at: Moment) -> bool:
    """Whether a lead fulfils every condition."""
    starts_in = (facts.start_date - at.today).days if facts.start_date is not None else None
    idle = (at.now - facts.active_at).days
    return (
        (not asked.statuses or facts.status in asked.statuses)
        and (not asked.date_modes or facts.date_mode in asked.date_modes)
        and _is(asked.has_start_date, facts.start_date is not None)
        and _is(asked.has_budget, facts.budget_minor is not None)
        and _is(asked.repeat_client, facts.repeat_client)
        and _is(asked.has_phone, facts.has_phone)
        and _is(asked.has_email, facts.has_email)
        and _from(asked.party_from, facts.travellers)
        and _below(asked.party_below, facts.travellers)
        and _from(asked.calls_from, facts.calls)
        and _from(asked.answered_from, facts.answered)
        and _from(asked.idle_days_from, idle)
        and _below(asked.idle_days_below, idle)
        and (asked.starts_within_days is None or _soon(starts_in, asked.starts_within_days))
        and (asked.starts_after_days is None or (starts_in is not None and starts_in > asked.starts_after_days))
        and routing.matches(asked, facts)
    )


def reckon(lead_ids: Sequence[UUID]) -> None:
    """Reckon the scores of those of these leads that are open."""
    stored.alone()
    _keep(stored.among(lead_ids, statuses=OPEN), by_rules=False)


def of_clients(lead_ids: Sequence[UUID], contact_ids: Sequence[UUID]) -> list[UUID]:
    """The open leads of contacts, and of whoever these leads are of: what others know of them has changed."""
    return stored.of_clients(lead_ids, contact_ids, statuses=OPEN) if lead_ids or contact_ids else []


def reckon_after(last: UUID | None, *, by_rules: bool) -> Done:
    """Reckon the scores of the open leads that come after one, so many a time."""
    stored.alone()
    found = stored.following(last or _FIRST, statuses=OPEN, most=CHUNK)
    _keep(found, by_rules=by_rules)
    return Done(len(found), found[-1].id if len(found) == CHUNK else None)


def count_open() -> int:
    """How many leads there are to reckon."""
    return stored.count_open(OPEN)


def generation() -> int:
    """Which rules hold: it counts up with each change of them."""
    return scoring_rules.policy().generation


def finish(of_generation: int, begun_at: datetime) -> None:
    """Remember that all open leads were reckoned by these rules."""
    scoring_rules.reckoned(of_generation, begun_at)


def view(lead_id: UUID) -> ScoreView:
    """A lead's score, and where it comes from. Raises NotFound, MergedAway."""
    kept = stored.scored(lead_id)
    reasons = kept.reasons or ScoreReasons([], [])
    computed_at = kept.scored_at
    if computed_at is not None and kept.reckoned_at is not None and kept.status in OPEN:
        # Then it came to the same.
        computed_at = max(computed_at, kept.reckoned_at)
    return ScoreView(
        kept.lead_id, kept.score, kept.band, total(reasons), reasons.rules, reasons.suggestions, computed_at
    )


def _keep(found: Sequence[Facts], *, by_rules: bool) -> None:
    """Write what has changed, and tell of leads that got into another band."""
    rules, policy, at = scoring_rules.active(), scoring_rules.policy(), moment()
    said = _said([each.id for each in found])
    rows: list[dict[str, Any]] = []
    for facts in found:
        made = score(facts, rules, policy, at, said.get(facts.id, ()))
        if (made.value, made.band, made.reasons) == (facts.score, facts.band, facts.reasons):
            continue
        reasons = msgspec.to_builtins(made.reasons)
        rows.append({"lead_id": str(facts.id), "score": made.value, "band": made.band, "reasons": reasons})
        if made.band != (facts.band or "cold"):
            publish(
                LeadScored(
                    lead_id=facts.id,
                    score=made.value,
                    band=made.band,
                    from_band=facts.band or "cold",
                    by_rules=by_rules,
                    imported=facts.imported and facts.score is None,
                )
            )
    if rows:
        stored.keep(rows)


def _said(lead_ids: Sequence[UUID]) -> Mapping[UUID, list[Contribution]]:
    """What plugins say of leads; one that fails, or answers something else, says nothing."""
    said: dict[UUID, list[Contribution]] = {}
    if not lead_ids:
        return said
    for answer in installed().hook.leads_score(lead_ids=tuple(lead_ids)):
        try:
            brought = msgspec.convert(msgspec.to_builtins(answer or {}), dict[UUID, list[Contribution]])
        except (TypeError, msgspec.ValidationError):
            log.exception("leads.score_refused")
            continue
        for lead_id, contributions in brought.items():
            said.setdefault(lead_id, []).extend(contributions)
    return said


def _counts(said: Contribution, policy: Policy) -> bool:
    return policy.count_ai if said.kind == "ai" else policy.count_plugins


def _is(asked: object, fact: object) -> bool:
    return asked is None or asked is fact


def _from(least: int | None, fact: int | None) -> bool:
    return least is None or (fact is not None and fact >= least)


def _below(bound: int | None, fact: int | None) -> bool:
    return bound is None or (fact is not None and fact < bound)


def _soon(starts_in: int | None, days: int) -> bool:
    return starts_in is not None and 0 <= starts_in <= days
