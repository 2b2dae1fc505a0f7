"""The job that is running: its id, its attempt, the key of its outside effects, its progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import msgspec
from flask import g, has_app_context
from sqlalchemy import select

from core import ids
from core.actor import current_actor
from core.db import session
from core.extensions import db
from core.jobs import ledger
from core.jobs.job import Cancelled
from core.jobs.models import JobEntry
from core.realtime import rooms
from core.realtime.emit import emit_now

REPORT_EVERY = 0.3
"""Seconds between two stored reports of progress; what comes in between is dropped."""


class LeaseLost(Exception):
    """Somebody else runs this job by now: nothing of what was done here may stand."""


class Progress(msgspec.Struct, frozen=True):
    """How far a job has come."""

    done: int
    total: int
    message: str = ""


class JobProgress(Progress, frozen=True, kw_only=True):
    """How far a job has come, as its user's browser is told."""

    job_id: UUID
    name: str


class Run:
    """One attempt at a job."""

    def __init__(self, claim: ledger.Claim, *, lease: ledger.Lease | None) -> None:
        self.id = claim.id
        self.name = claim.name
        self.attempt = claim.attempt
        self.user_id = claim.user_id
        self.reported = claim.reported
        """Whether it ever told how far it is: its user is then told how it ends."""
        self._lease = lease
        self._next_report = 0.0

    @property
    def idempotency_key(self) -> str:
        """What effects outside our database carry; the same at every repeat of this job."""
        return f"job-{self.id}"

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell how far the job is, stored and sent to its user at most a few times a second. Raises Cancelled."""
        self.check_cancelled()
        self.reported = True
        now = time.monotonic()
        if self._lease is None or (now < self._next_report and done < total):
            return
        self._next_report = now + REPORT_EVERY
        asked = ledger.report(self._lease, Progress(done, total, message))
        if asked is None:
            raise LeaseLost
        self._tell(JobProgress(done, total, message, job_id=self.id, name=self.name))
        if asked:
            raise Cancelled

    def keep(self) -> None:
        """Commit what was done so far; what comes after commits by itself. Raises LeaseLost, and with it undoes that.

        A job that does so is begun from its start after a failure, and has to find where it was. Call `progress` after
        it: what cancels the job then leaves nothing half done.
        """
        db.session.flush()
        if self._lease is not None and not _is_held(self._lease):
            raise LeaseLost
        session.keep()

    def check_cancelled(self) -> None:
        """Raise Cancelled where somebody has asked for that; it costs nothing."""
        if self._lease is not None and self._lease.lost:
            raise LeaseLost
        if self._lease is not None and self._lease.cancel_requested:
            raise Cancelled

    def _tell(self, progress: JobProgress) -> None:
        agency_id = current_actor().agency_id
        if agency_id is not None and self.user_id is not None:
            emit_now("jobs.progress", progress, room=rooms.user(agency_id, self.user_id))


def _is_held(lease: ledger.Lease) -> bool:
    """Whether a lease is still ours; until the commit nobody can take it."""
    mine = (JobEntry.id == lease.id, JobEntry.lease_token == lease.token, JobEntry.state == "running")
    return db.session.scalar(select(JobEntry.id).where(*mine).with_for_update(read=True)) is not None


def current_run() -> Run:
    """The running job; one by hand, whose progress nobody sees, where a job's function is called directly."""
    found: Run | None = g.get("job_run") if has_app_context() else None
    if found is None:
        claim = ledger.Claim(id=ids.new(), name="", attempt=1, max_attempts=1, token=ids.new(), payload={})
        found = Run(claim, lease=None)
        if has_app_context():
            g.job_run = found
    return found


def running(run: Run) -> Callable[[], None]:
    """Make a run the current one of this application context."""
    g.job_run = run
    return lambda: g.pop("job_run", None)
