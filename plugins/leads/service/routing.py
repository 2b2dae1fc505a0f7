"""Who gets a lead that comes in, by the agency's rules, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from core.sdk import Actor, Money, calendars, clock, search, to_minor, users

from .. import permissions
from ..repository import rules as stored
from ..repository.rules import Rule, Skills
from ..schemas.assigned import AssignedBecause, Considered, RuleApplied
from ..schemas.rules import Conditions
from . import policy
from .pipeline import OPEN

SHOWN = 50


class Wish(Protocol):
    """What of a lead rules look at."""

    @property
    def source(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def brand_id(self) -> UUID | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def destinations(self) -> list[str]: ...
    @property
    def budget_minor(self) -> int | None: ...
    @property
    def budget_currency(self) -> str | None: ...


class Decision(NamedTuple):
    """What the rules make of a lead."""

    owner_id: UUID | None
    team_id: UUID | None
    priority: str | None
    because: AssignedBecause | None
    """None where they only set the priority."""


class _Choice(NamedTuple):
    owner_id: UUID | None
    considered: list[Considered]


def decide(wish: Wish, *, trying: bool = False) -> Decision | None:
    """What the rules make of a lead now; None where none holds for it. `trying` takes nobody's turn."""
    holding = _holding(wish)
    if not holding:
        return None
    priority = _first_priority(holding)
    giving = [rule for rule in holding if rule.method is not None]
    applied: list[RuleApplied] = []
    for rule in giving:
        choice = _choose(rule, wish, clock.now(), trying=trying)
        method: Any = rule.method
        shown = sorted(choice.considered, key=lambda each: each.passed_over is not None)[:SHOWN]
        applied.append(RuleApplied(rule.id, rule.name, method, shown, len(choice.considered)))
        if choice.owner_id is not None:
            return Decision(choice.owner_id, rule.team_id, priority, AssignedBecause(choice.owner_id, applied))
    if not giving:
        return Decision(None, None, priority, None)
    # Nobody can: the team that should have had it sees it wait.
    return Decision(None, giving[0].team_id, priority, AssignedBecause(None, applied))


def priority_of(wish: Wish) -> str | None:
    """How much a lead hurries by the rules, whosever it is; None where they do not say."""
    return _first_priority(_holding(wish))


def _holding(wish: Wish) -> list[Rule]:
    return [rule for rule in policy.current().rules if matches(rule.conditions, wish)]


def _first_priority(holding: Iterable[Rule]) -> str | None:
    return next((rule.priority for rule in holding if rule.priority), None)


def matches(asked: Conditions, wish: Wish) -> bool:
    """Whether a lead fulfils every condition."""
    return all(
        (
            not asked.sources or wish.source in asked.sources,
            not asked.brand_ids or wish.brand_id in asked.brand_ids,
            not asked.kinds or wish.kind in asked.kinds,
            not asked.languages or speaks(asked.languages, wish.language),
            not asked.destinations or knows(asked.destinations, wish.destinations),
            _in_band(asked, wish),
        )
    )


def speaks(languages: Iterable[str], wanted: str | None) -> bool:
    """Whether a language is among some, whatever the country it is spoken in."""
    return wanted is not None and _tongue(wanted) in map(_tongue, languages)


def knows(places: Iterable[str], wanted: Sequence[str]) -> bool:
    """Whether any of the places wanted is among some, however it is spelled."""
    return not {search.fold(place) for place in places}.isdisjoint(search.fold(place) for place in wanted)


def _tongue(language: str) -> str:
    return language.partition("-")[0].lower()


def _in_band(asked: Conditions, wish: Wish) -> bool:
    if asked.budget_from is None and asked.budget_below is None:
        return True
    return all(
        wish.budget_minor is not None and wish.budget_currency == bound.currency
        for bound in (asked.budget_from, asked.budget_below)
        if bound is not None
    ) and _minor(asked.budget_from, 0) <= (wish.budget_minor or 0) < _minor(asked.budget_below, float("inf"))


def _minor(bound: Money | None, otherwise: float) -> float:
    return otherwise if bound is None else to_minor(bound, pointer="/conditions")


def _choose(rule: Rule, wish: Wish, now: datetime, *, trying: bool) -> _Choice:
    """Who of a rule's candidates gets a lead. Whoever chooses by it at the same time waits."""
    candidates = users.candidates(user_ids=rule.user_ids, team_id=rule.team_id, role=rule.role)
    out = dict.fromkeys(set(rule.user_ids) - {each.user_id for each in candidates}, "not_active")
    able: list[UUID] = []
    obstacles = _obstacles(rule, candidates, wish, now)
    for user_id in (each.user_id for each in candidates if each.user_id is not None):
        if user_id in obstacles:
            out[user_id] = obstacles[user_id]
        else:
            able.append(user_id)
    if not able:
        return _Choice(None, _considered(out))
    if rule.method == "fixed":
        chosen = min(able, key=rule.user_ids.index) if rule.user_ids else able[0]
        return _Choice(chosen, _considered(out | dict.fromkeys(set(able) - {chosen}, "comes_later"), chosen))
    return _in_turn(rule, able, out, trying=trying)


def _in_turn(rule: Rule, able: list[UUID], out: dict[UUID, str], *, trying: bool) -> _Choice:
    """Who has waited longest, where open leads count of those who have the fewest."""
    turns = stored.turns(rule.id) if trying else stored.hold_turns(rule.id)
    if turns is None:
        return _Choice(None, _considered(out))
    counting = rule.method != "round_robin"
    # Counted with the rule held: whoever chose before has left their lead.
    loads = stored.open_leads(able, statuses=OPEN) if counting else {}
    chosen = min(able, key=lambda each: (loads.get(each, 0), turns.get(str(each), 0), each))
    if not trying:
        kept = {str(each): turns[str(each)] for each in {*able, *out} if str(each) in turns}
        stored.keep_turns(rule.id, kept | {str(chosen): max(turns.values(), default=0) + 1})
    least = loads.get(chosen, 0)
    for each in able:
        if each != chosen:
            out[each] = "more_open_leads" if loads.get(each, 0) > least else "not_their_turn"
    return _Choice(chosen, _considered(out, chosen, {each: loads.get(each, 0) for each in able} if counting else {}))


def _considered(
    out: Mapping[UUID, Any], chosen: UUID | None = None, loads: Mapping[UUID, int] | None = None
) -> list[Considered]:
    counted = loads or {}
    mine = [Considered(chosen, None, counted.get(chosen))] if chosen is not None else []
    return mine + [Considered(user_id, out[user_id], counted.get(user_id)) for user_id in sorted(out)]


def _obstacles(rule: Rule, candidates: Sequence[Actor], wish: Wish, now: datetime) -> dict[UUID, str]:
    """What keeps candidates from getting a lead."""
    ids = [each.user_id for each in candidates if each.user_id is not None]
    away = calendars.away(ids, at=now) if ids else set()
    hours = calendars.Calendars() if rule.only_at_work and ids else None
    skills = stored.skills(ids) if rule.method == "skill" and ids else {}
    found: dict[UUID, str] = {}
    for each in candidates:
        if each.user_id is None:
            continue
        obstacle = None
        if each.scope_of(permissions.WRITE.name) is None:
            obstacle = "may_not_write"
        elif each.user_id in away:
            obstacle = "absent"
        elif hours is not None and not hours.of(_team_of(each, rule)).is_open(now):
            obstacle = "not_at_work"
        elif rule.method == "skill":
            obstacle = _lack(skills.get(each.user_id, Skills([], [])), wish)
        if obstacle is not None:
            found[each.user_id] = obstacle
    return found


def _team_of(member: Actor, rule: Rule) -> UUID | None:
    """Whose working hours are a member's: those of the rule's team, or of the one they are in."""
    return rule.team_id or (next(iter(member.team_ids)) if len(member.team_ids) == 1 else None)


def _lack(skills: Skills, wish: Wish) -> str | None:
    if wish.language is not None and not speaks(skills.languages, wish.language):
        return "lacks_language"
    if wish.destinations and not knows(skills.destinations, wish.destinations):
        return "lacks_destination"
    return None
