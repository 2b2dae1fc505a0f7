"""What leads do by the clock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.sdk import Retention, clock, current_run, job, merging

from .service import erasure, next_action, scoring, sla
from .service import merging as merges


@job(schedule="30 6 * * *")
def find_idle_leads() -> None:
    """Tell owners how many of their open leads have no next action."""
    next_action.tell_of_idle()


@job(schedule="45 5 * * *")
def find_leads_that_come_back() -> None:
    """Tell of leads that were on hold until today, or lost and to be asked again."""
    if next_action.tell_of_back():
        find_leads_that_come_back.enqueue()


@job(schedule="7 * * * *")
def find_overdue_responses() -> None:
    """Tell of leads whose first response is overdue: looked for when one is due, and hourly in any case."""
    if sla.find_overdue():
        find_overdue_responses.enqueue()


@job(schedule="20 3 * * *")
def score_every_night() -> None:
    """Score all open leads: days have passed."""
    begun = clock.now()
    generation = scoring.generation()
    score_open.later(unique=f"{generation} {begun:%Y-%m-%d}").enqueue(
        generation=generation, by_rules=False, begun_at=begun
    )


@job()
def score_open(
    *,
    generation: int,
    by_rules: bool,
    begun_at: datetime,
    after: UUID | None = None,
    done: int = 0,
    total: int = 0,
) -> None:
    """Score the open leads, two thousand a time; what is left goes to another job, unless rules have changed since."""
    if generation != scoring.generation():
        # Whoever changed them had all leads scored anew.
        return
    total = total or scoring.count_open()
    part = scoring.reckon_after(after, by_rules=by_rules)
    done += part.leads
    current_run().progress(done, max(done, total), "Leads scored")
    if part.last is None:
        scoring.finish(generation, begun_at)
        return
    more = score_open.later(unique=f"{generation} {begun_at.isoformat()} {part.last}")
    more.enqueue(generation=generation, by_rules=by_rules, begun_at=begun_at, after=part.last, done=done, total=total)


@job()
def score_some(lead_ids: list[UUID]) -> None:
    """Score some leads: a plugin knows more about them."""
    scoring.reckon(lead_ids)


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
