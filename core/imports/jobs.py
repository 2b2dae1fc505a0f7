"""What imports do in the background, and how long they are kept."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from core.events.log import publish
from core.imports import keeping, repository, work
from core.imports.events import ImportStopped
from core.imports.leave import Stopped
from core.imports.repository import Plan
from core.imports.schemas import Doer
from core.jobs.job import Cancelled, job
from core.jobs.run import current_run
from core.retention import Retention

DAYS = 30


def _given_up(state: str, error: BaseException | None, import_id: UUID, doer: Doer) -> None:
    """It goes no further by itself."""
    plan = repository.held(import_id)
    # A job of before, which somebody has repeated, tells nothing of what another one works on, or has done.
    if plan is not None and plan.state == state and not repository.is_open(plan.job_id):
        _stop(plan, error.problem if isinstance(error, Stopped) else "failed")


@job(queue="imports", given_up=partial(_given_up, "checking"))
def check(import_id: UUID, doer: Doer) -> None:
    """Try the rows of an import without bringing them in."""
    try:
        work.check(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


@job(queue="imports", given_up=partial(_given_up, "running"))
def run(import_id: UUID, doer: Doer) -> None:
    """Bring in the rows of an import, from where it stopped."""
    try:
        work.run(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


@job(queue="imports", given_up=partial(_given_up, "reverting"))
def revert(import_id: UUID, doer: Doer) -> None:
    """Take back what an import made."""
    try:
        work.revert(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


def _cancel(import_id: UUID) -> None:
    plan = repository.held(import_id)
    # What was done is committed: the portion that would have come next has not begun.
    if plan is not None and plan.job_id == current_run().id:
        _stop(plan, "cancelled")
        current_run().keep()


def _stop(plan: Plan, problem: str) -> None:
    # A check that stops has changed nothing: there is nothing to go on with, nor to take back.
    repository.note(plan.id, state="new" if plan.state == "checking" else "stopped", problem=problem)
    publish(ImportStopped(import_id=plan.id, entity=plan.entity, problem=problem))


FILES = Retention(
    name="imports.files",
    summary="Files of imports and what became of their rows; until then an import can be taken back",
    apply=keeping.forget_old,
    count=keeping.count_old,
    days=lambda: DAYS,
    most=365,
)
