"""How long things are kept: what plugins declare, what the agency chose, and applying it night by night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import UNSET
from sqlalchemy import delete, func, select

from core import clock
from core.db import locks
from core.errors import Fault, Invalid, NotFound
from core.events.log import publish
from core.extensions import db
from core.http.idempotency import KEPT_FOR as ANSWERS_KEPT_FOR
from core.http.models import KeptAnswer
from core.plugins.manager import installed
from core.privacy import repository
from core.privacy.events import RetentionChanged
from core.privacy.models import PrivacyRequest, RetentionChoice
from core.privacy.repository import requests
from core.privacy.schemas import RetentionForecast, RetentionPatch, RetentionView
from core.retention import Retention

BATCH = 500
ROUNDS = 20
"""Batches of one run; what is left over is for the run after it."""


def rules() -> Mapping[str, Retention]:
    """Every rule of what is loaded, by name."""
    return {rule.name: rule for plugin in installed().plugins.values() for rule in plugin.retention}


def in_effect() -> Mapping[str, Retention]:
    """Those of them that are on in the agency: one whose plugin is off still holds."""
    chosen = repository.choices()
    return {name: rule for name, rule in rules().items() if _days(rule, chosen) is not None}


def rows() -> list[RetentionView]:
    """Every rule as the acting agency has it."""
    chosen = repository.choices()
    return [_view(rule, chosen) for rule in rules().values()]


def change(name: str, patch: RetentionPatch) -> RetentionView:
    """Set how long the agency keeps something. Raises NotFound, Invalid."""
    rule = rules().get(name)
    if rule is None:
        raise NotFound
    if patch.days is not UNSET:
        _check(rule, patch.days)
        _choose(rule, patch.days)
    return _view(rule, repository.choices())


def forecast() -> list[RetentionForecast]:
    """What every rule would remove now."""
    chosen, found = repository.choices(), []
    for rule in rules().values():
        before = _before(rule, chosen)
        found.append(RetentionForecast(rule.name, before, rule.count(before) if before is not None else 0))
    return found


def apply(name: str) -> bool:
    """Apply a rule in the running unit of work; whether more is left than one run removes."""
    rule = rules().get(name)
    before = _before(rule, repository.choices()) if rule is not None else None
    if rule is None or before is None:
        return False
    locks.shared(repository.retention_lock())
    return all(rule.apply(before, BATCH) == BATCH for _ in range(ROUNDS))


def _view(rule: Retention, chosen: Mapping[str, int | None]) -> RetentionView:
    return RetentionView(rule.name, rule.summary, _days(rule, chosen), rule.days(), rule.least, rule.most)


def _days(rule: Retention, chosen: Mapping[str, int | None]) -> int | None:
    return chosen[rule.name] if rule.name in chosen else rule.days()


def _before(rule: Retention, chosen: Mapping[str, int | None]) -> datetime | None:
    days = _days(rule, chosen)
    return None if days is None else clock.now() - timedelta(days=days)


def _check(rule: Retention, days: int | None) -> None:
    if days is None and rule.least == rule.most:
        raise Invalid(errors=[Fault("/days", "fixed", f"This is always kept for {rule.most} days")])
    if days is not None and not rule.least <= days <= rule.most:
        raise Invalid(errors=[Fault("/days", "range", f"Between {rule.least} and {rule.most} days")])


def _choose(rule: Retention, days: int | None) -> None:
    choice = repository.choice(rule.name)
    if choice is None:
        choice = RetentionChoice(rule=rule.name, days=days)
        db.session.add(choice)
    choice.days = days
    db.session.flush()
    publish(RetentionChanged(choice_id=choice.id, rule=rule.name, days=days), of=choice)


def _old_answers(before: datetime, most: int) -> int:
    old = select(KeptAnswer.id).where(KeptAnswer.created_at < before).limit(most).with_for_update(skip_locked=True)
    gone = delete(KeptAnswer).where(KeptAnswer.id.in_(old)).returning(KeptAnswer.id)
    return len(db.session.scalars(gone, execution_options={"synchronize_session": False}).all())


def _count_answers(before: datetime) -> int:
    counted = select(func.count()).select_from(KeptAnswer).where(KeptAnswer.created_at < before)
    return db.session.scalar(counted) or 0


def _old_bundles(before: datetime, most: int) -> int:
    found = requests.with_bundles(PrivacyRequest.finished_at < before, most=most)
    for each in found:
        each.bundle = None
    db.session.flush()
    return len(found)


def _count_bundles(before: datetime) -> int:
    old = (PrivacyRequest.bundle.is_not(None), PrivacyRequest.finished_at < before)
    return db.session.scalar(select(func.count()).select_from(PrivacyRequest).where(*old)) or 0


OWN = (
    Retention(
        name="privacy.answers",
        summary="Answers that are kept for repeated requests",
        apply=_old_answers,
        count=_count_answers,
        days=lambda: ANSWERS_KEPT_FOR.days,
        least=ANSWERS_KEPT_FOR.days,
        most=ANSWERS_KEPT_FOR.days,
    ),
    Retention(
        name="privacy.exports",
        summary="Exports of people's data that were put together",
        apply=_old_bundles,
        count=_count_bundles,
        days=lambda: 7,
        most=7,
    ),
)
