"""What leads do by the clock."""

from __future__ import annotations

from core.sdk import Retention, job, merging

from .service import erasure, next_action, sla
from .service import merging as merges


@job(schedule="30 6 * * *")
def find_idle_leads() -> None:
    """Tell owners how many of their open leads have no next action."""
    next_action.tell_of_idle()


@job(schedule="7 * * * *")
def find_overdue_responses() -> None:
    """Tell of leads whose first response is overdue: looked for when one is due, and hourly in any case."""
    if sla.find_overdue():
        find_overdue_responses.enqueue()


LOST = Retention(
    name="leads.lost",
    summary="What lost leads say about people; trip, dates and reason stay",
    apply=erasure.forget_lost,
    count=erasure.count_lost,
    days=lambda: None,
    least=30,
)
MERGES = Retention(
    name="leads.merges",
    summary="What it takes to undo merges of leads, and what the one that stayed did not take over",
    apply=merges.forget_old,
    count=merges.count_old,
    days=lambda: merging.UNDO_WITHIN.days,
    most=merging.UNDO_WITHIN.days,
)
