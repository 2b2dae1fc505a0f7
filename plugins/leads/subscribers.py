"""What follows from what happens to leads."""

from __future__ import annotations

from datetime import timedelta

from core.sdk import Event, clock

from . import jobs
from .events import FirstResponseDue
from .service import scoring

_MINUTE = timedelta(minutes=1)
OF_SCORING = (
    "leads.scoring_rule_created",
    "leads.scoring_rule_changed",
    "leads.scoring_rule_deleted",
    "leads.scoring_changed",
    "leads.scoring_reset",
)


def look_when_due(event: FirstResponseDue) -> None:
    """Look for overdue responses in the minute after this one is due: once, however many are due in it."""
    at = event.due_at.replace(second=0, microsecond=0) + _MINUTE
    jobs.find_overdue_responses.later(at=at, unique=f"due {at:%Y-%m-%dT%H:%MZ}").enqueue()


def score_all(event: Event) -> None:
    """Score all open leads by other rules: once, however many of them changed at a time."""
    generation = scoring.generation()
    jobs.score_open.later(unique=f"{generation}").enqueue(generation=generation, by_rules=True, begun_at=clock.now())
