"""How an attempt at a job ends: done together with its effects, tried again later, given up, or cancelled."""

from __future__ import annotations

import random
import traceback
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.log import publish
from core.extensions import db
from core.jobs import ledger, registry
from core.jobs.events import JobFailed, JobFinished
from core.jobs.ledger import Lease
from core.jobs.models import JobEntry
from core.jobs.run import LeaseLost, Run
from core.telemetry import anonymous

log = structlog.get_logger()
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=30)
_FRAMES = 6
_MOST_TEXT = 4000
_COMMIT_WITHIN = "2s"
"""Shorter than anybody waits for a lock."""
_END = (
    update(JobEntry)
    .where(JobEntry.id == bindparam("job_id"), JobEntry.lease_token == bindparam("token"), JobEntry.state == "running")
    .values(
        state=bindparam("ended_as"),
        finished_at=func.clock_timestamp(),
        last_error=func.coalesce(bindparam("error"), JobEntry.last_error),
        lease_token=None,
        lease_until=None,
    )
    # Nobody takes back what is locked. Who is stopped from here on loses the connection, and with it the lock.
    .returning(func.set_config("idle_in_transaction_session_timeout", _COMMIT_WITHIN, True))
    .execution_options(synchronize_session=False)
)


def touched(session: Session) -> bool:
    """Whether there is anything to commit."""
    return session.in_transaction() or bool(session.new or session.dirty)


def complete(run: Run, lease: Lease) -> None:
    """Mark the job done in the unit of work of its effects. Raises LeaseLost, and with it undoes them."""
    if run.reported and run.user_id is not None:
        publish(JobFinished(job_id=run.id, job=run.name, user_id=run.user_id))
    # Last, so that the row is locked for no longer than the commit takes.
    db.session.flush()
    if not _end(lease, "done", None):
        raise LeaseLost


def bury(
    lease: Lease,
    *,
    name: str,
    agency_id: UUID | None,
    user_id: UUID | None,
    error: str,
    cause: BaseException | None = None,
) -> bool:
    """Give a job up: it lies with the dead letters until somebody repeats or discards it."""
    if agency_id is None:
        return ledger.end(lease, state="dead", error=error)
    with unit_of_work(), acting_as(system(agency_id)):
        if not _end(lease, "dead", error):
            return False
        if user_id is not None:
            publish(JobFailed(job_id=lease.id, job=name, user_id=user_id))
        _tell(lease, name, cause)
    return True


def _tell(lease: Lease, name: str, cause: BaseException | None) -> None:
    found = registry.current().get(name)
    if found is None or found.job.given_up is None:
        return
    payload = db.session.scalar(select(JobEntry.payload).where(JobEntry.id == lease.id))
    try:
        with db.session.begin_nested():
            found.job.give_up(payload or {}, cause)
    except Exception:
        # It is given up whether or not anybody can be told; otherwise it would be tried for ever.
        log.exception("job.not_told_given_up", job=name)


def pause_after(attempt: int, *, backoff: timedelta) -> timedelta:
    """How long to wait before the next attempt: anything up to twice as long each time."""
    ceiling: timedelta = min(LONGEST_PAUSE, backoff * 2 ** min(attempt - 1, 20))
    # All of it at random: jobs that failed together must not come back together.
    return ceiling * random.random()  # noqa: S311 - jitter, not a secret


def pause_asked_for(seconds: float) -> timedelta:
    """How long a provider wants us to wait; what it says is not for ever, nor in the past."""
    return timedelta(seconds=max(0.0, min(seconds, LONGEST_ASKED.total_seconds())))


def sentence(error: BaseException) -> str:
    """What went wrong and where, without secrets and people, for whoever looks at the dead letters."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    # No source lines: they may hold values.
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return anonymous("\n".join([f"{type(error).__name__}: {_said(error)}"[:_MOST_TEXT], *places]))


def _said(error: BaseException) -> str:
    # The rest of what the database says are the statement and the values of rows, which may be somebody's.
    said = str(error.orig).partition("\n")[0] if isinstance(error, DBAPIError) else str(error)
    # PostgreSQL keeps neither; an error about a broken file often quotes it.
    return said.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _end(lease: Lease, state: str, error: str | None) -> bool:
    values = {"job_id": lease.id, "token": lease.token, "ended_as": state, "error": error}
    return db.session.execute(_END, values).first() is not None
