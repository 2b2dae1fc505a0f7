"""What imports do in the background, and how long they are kept."""

from __future__ import annotations

from uuid import UUID

from core.events.log import publish
from core.imports import keeping, repository, work
from core.imports.events import ImportStopped
from core.imports.schemas import Doer
from core.imports.work import Stopped
from core.jobs.job import Cancelled, job
from core.jobs.run import current_run
from core.retention import Retention

DAYS = 30


def _given_up(error: BaseException | None, import_id: UUID, doer: Doer) -> None:
    """It goes no further by itself."""
    _stop(import_id, error.problem if isinstance(error, Stopped) else "failed")


@job(queue="imports", given_up=_given_up)
def check(import_id: UUID, doer: Doer) -> None:
    """Try the rows of an import without bringing them in."""
    try:
        work.check(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


@job(queue="imports", given_up=_given_up)
def run(import_id: UUID, doer: Doer) -> None:
    """Bring in the rows of an import, from where it stopped."""
    try:
        work.run(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


@job(queue="imports", given_up=_given_up)
def revert(import_id: UUID, doer: Doer) -> None:
    """Take back what an import made."""
    try:
        work.revert(import_id, doer)
    except Cancelled:
        _cancel(import_id)
        raise


def _cancel(import_id: UUID) -> None:
    # What was done is committed: the portion that would have come next has not begun.
    _stop(import_id, "cancelled")
    current_run().keep()


def _stop(import_id: UUID, problem: str) -> None:
    plan = repository.plan(import_id)
    if plan is not None:
        # A check that stops has changed nothing: there is nothing to go on with, nor to take back.
        repository.note(import_id, state="new" if plan.state == "checking" else "stopped", problem=problem)
        publish(ImportStopped(import_id=import_id, entity=plan.entity, problem=problem))


FILES = Retention(
    name="imports.files",
    summary="Files of imports and what became of their rows; until then an import can be taken back",
    apply=keeping.forget_old,
    count=keeping.count_old,
    days=lambda: DAYS,
    most=365,
)
