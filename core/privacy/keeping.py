"""How long things are kept: what plugins declare, what the agency chose, and applying it night by night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import UNSET

from core import clock
from core.db import locks
from core.errors import Fault, Invalid, NotFound
from core.events.log import publish
from core.extensions import db
from core.plugins.manager import installed
from core.privacy import repository
from core.privacy.events import RetentionChanged
from core.privacy.models import RetentionChoice
from core.privacy.repository import Choice
from core.privacy.schemas import RetentionForecast, RetentionPatch, RetentionView
from core.retention import Retention

BATCH = 500
ROUNDS = 20
"""Batches of one run; what is left over is for the run after it."""
NOTICE = timedelta(days=1)
"""After which something is kept for less time than before: whoever did not mean it can still take it back."""


def rules() -> Mapping[str, Retention]:
    """Every rule of what is loaded, by name."""
    return {rule.name: rule for plugin in installed().plugins.values() for rule in plugin.retention}


def in_effect() -> Mapping[str, Retention]:
    """Those of them that are on in the agency: one whose plugin is off still holds."""
    chosen = repository.choices()
    return {name: rule for name, rule in rules().items() if _days(rule, chosen.get(name)) is not None}


def rows() -> list[RetentionView]:
    """Every rule as the acting agency has it."""
    chosen = repository.choices()
    return [_view(rule, chosen.get(rule.name)) for rule in rules().values()]


def change(name: str, patch: RetentionPatch) -> RetentionView:
    """Set how long the agency keeps something: longer at once, for less time after a day. Raises NotFound, Invalid."""
    rule = rules().get(name)
    if rule is None:
        raise NotFound
    if patch.days is not UNSET:
        _check(rule, patch.days)
        _choose(rule, patch.days)
    return _view(rule, repository.choices().get(name))


def forecast() -> list[RetentionForecast]:
    """What every rule would remove as it is chosen, also where that is not in effect yet."""
    chosen, found = repository.choices(), []
    for rule in rules().values():
        choice = chosen.get(rule.name)
        before = _before(choice.days if choice is not None else rule.days())
        found.append(RetentionForecast(rule.name, before, rule.count(before) if before is not None else 0))
    return found


def apply(name: str) -> bool:
    """Apply a rule in the running unit of work; whether more is left than one run removes."""
    rule = rules().get(name)
    before = _before(_days(rule, repository.choices().get(name))) if rule is not None else None
    if rule is None or before is None:
        return False
    locks.shared(repository.retention_lock())
    return all(rule.apply(before, BATCH) == BATCH for _ in range(ROUNDS))


def _view(rule: Retention, choice: Choice | None) -> RetentionView:
    coming = choice if choice is not None and choice.since > clock.now() else None
    return RetentionView(
        name=rule.name,
        summary=rule.summary,
        days=_days(rule, choice),
        default_days=rule.days(),
        least_days=rule.least,
        most_days=rule.most,
        coming_days=coming.days if coming else None,
        coming_at=coming.since if coming else None,
    )


def _days(rule: Retention, choice: Choice | None) -> int | None:
    """After how many days something goes now; None keeps it for ever."""
    if choice is None:
        return rule.days()
    return choice.days if choice.since <= clock.now() else choice.previous_days


def _before(days: int | None) -> datetime | None:
    return None if days is None else clock.now() - timedelta(days=days)


def _check(rule: Retention, days: int | None) -> None:
    if days is None and rule.least == rule.most:
        raise Invalid(errors=[Fault("/days", "fixed", f"This is always kept for {rule.most} days")])
    if days is not None and not rule.least <= days <= rule.most:
        raise Invalid(errors=[Fault("/days", "value", f"Between {rule.least} and {rule.most} days")])


def _choose(rule: Retention, days: int | None) -> None:
    now = clock.now()
    choice = repository.choice(rule.name)
    present = _days(rule, Choice(choice.days, choice.previous_days, choice.since) if choice is not None else None)
    is_shorter = days is not None and (present is None or days < present)
    if choice is None:
        choice = RetentionChoice(rule=rule.name)
        db.session.add(choice)
    choice.days, choice.previous_days, choice.since = days, present, now + NOTICE if is_shorter else now
    db.session.flush()
    publish(RetentionChanged(choice_id=choice.id, rule=rule.name, days=days, since=choice.since), of=choice)
