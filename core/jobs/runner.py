"""Runs one claimed job: in its agency, in one unit of work, and brings it to its end in the ledger."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import structlog
from flask import Flask, g
from prometheus_client import Counter, Histogram
from structlog.contextvars import bind_contextvars, clear_contextvars

from core.actor import system
from core.db.session import unit_of_work
from core.extensions import db
from core.http import database_errors
from core.jobs import ledger, outcome
from core.jobs.job import Cancelled, Discard, RetryAfter
from core.jobs.ledger import Claim, Lease
from core.jobs.measurements import ended, seconds
from core.jobs.registry import Known
from core.jobs.run import LeaseLost, Run
from core.plugins import agencies

log = structlog.get_logger()
SWITCHED_OFF_PAUSE = timedelta(minutes=5)
"""How long a job of a plugin that is off for its agency waits before somebody looks again."""


class Outcome(StrEnum):
    """What became of an attempt."""

    DONE = "done"
    UNWRITTEN = "unwritten"
    """Done without anything to commit: the ledger is told together with others."""
    RETRIED = "retried"
    DEAD = "dead"
    CANCELLED = "cancelled"
    LOST = "lost"
    POSTPONED = "postponed"
    UNKNOWN = "unknown"
    """The ledger could not be told; the lease will expire."""


_RETRIED = {"queued": Outcome.RETRIED, "cancelled": Outcome.CANCELLED, None: Outcome.LOST}


class Runner:
    """Runs the jobs of an application."""

    def __init__(self, app: Flask, jobs: Mapping[str, Known], *, backoff: timedelta) -> None:
        self._app = app
        self._jobs = jobs
        self._backoff = backoff
        self._measured: dict[tuple[str, str, Outcome], tuple[Counter, Histogram]] = {}

    def run(self, claim: Claim, lease: Lease) -> Outcome:
        """Run a job to the end of this attempt. Raises nothing."""
        known = self._jobs[claim.name]
        begun = time.perf_counter()
        with self._app.app_context():
            g.request_id = claim.request_id
            bind_contextvars(job=claim.name, job_id=str(claim.id), attempt=claim.attempt)
            if claim.request_id:
                bind_contextvars(request_id=claim.request_id)
            try:
                found = self._attempt(claim, lease, known)
                if found is Outcome.LOST:
                    log.warning("job.lease_lost")
            except Exception as error:
                # The database is away, most likely. The job is not lost: its lease expires.
                log.exception("job.outcome_unknown", cause=type(error).__name__)
                found = Outcome.UNKNOWN
            finally:
                clear_contextvars()
        self._measure(known.job.queue, claim.name, found, time.perf_counter() - begun)
        return found

    def _measure(self, queue: str, name: str, found: Outcome, took: float) -> None:
        key = (queue, name, Outcome.DONE if found is Outcome.UNWRITTEN else found)
        measured = self._measured.get(key)
        if measured is None:
            # The library looks its labels up under a lock.
            measured = self._measured[key] = (ended.labels(*key), seconds.labels(queue))
        measured[0].inc()
        measured[1].observe(took)

    def _attempt(self, claim: Claim, lease: Lease, known: Known) -> Outcome:
        if claim.agency_id is not None and not agencies.enabled(known.plugin, claim.agency_id):
            ledger.release([lease], delay=SWITCHED_OFF_PAUSE)
            return Outcome.POSTPONED
        if lease.cancel_requested:
            return self._cancelled(claim, lease)
        try:
            return self._perform(claim, lease, known)
        except LeaseLost:
            return Outcome.LOST
        except Cancelled:
            return self._cancelled(claim, lease)
        except Discard as error:
            return self._dead(claim, lease, error)
        except RetryAfter as error:
            return self._failed(claim, lease, error, outcome.pause_asked_for(error.seconds))
        # A job that calls sys.exit() or whose asyncio task is cancelled has failed; the worker goes on.
        except BaseException as error:  # noqa: BLE001 - whatever a job raises
            return self._failed(claim, lease, error, outcome.pause_after(claim.attempt, backoff=self._backoff))

    def _perform(self, claim: Claim, lease: Lease, known: Known) -> Outcome:
        repeats = 0
        while True:
            try:
                return self._once(claim, lease, known)
            except Exception as error:
                repeats += 1
                if not database_errors.is_lost_race(error) or repeats >= database_errors.MAX_ATTEMPTS:
                    raise

    def _once(self, claim: Claim, lease: Lease, known: Known) -> Outcome:
        # A fresh context: nobody acted here before, so nothing has to be put back.
        g.actor = system(claim.agency_id)
        g.job_run = run = Run(claim, lease=lease)
        with unit_of_work():
            known.job.run(claim.payload)
            tells = run.reported and run.user_id is not None and claim.agency_id is not None
            if not tells and not (db.session.registry.has() and outcome.touched(db.session())):
                return Outcome.UNWRITTEN
            if claim.agency_id is not None:
                outcome.complete(run, lease)
                return Outcome.DONE
        # The application's role does not see rows of no agency: these effects may happen twice.
        return Outcome.UNWRITTEN

    def _failed(self, claim: Claim, lease: Lease, error: BaseException, pause: timedelta) -> Outcome:
        if claim.attempt >= claim.max_attempts:
            return self._dead(claim, lease, error)
        log.warning("job.failed", cause=type(error).__name__, pause=round(pause.total_seconds(), 1), exc_info=error)
        became = ledger.retry(lease, error=outcome.sentence(error), delay=pause)
        return _RETRIED[became]

    def _dead(self, claim: Claim, lease: Lease, error: BaseException) -> Outcome:
        log.error("job.dead", cause=type(error).__name__, exc_info=error)
        kept = outcome.bury(
            lease,
            name=claim.name,
            agency_id=claim.agency_id,
            user_id=claim.user_id,
            error=outcome.sentence(error),
            cause=error,
        )
        return Outcome.DEAD if kept else Outcome.LOST

    def _cancelled(self, claim: Claim, lease: Lease) -> Outcome:
        kept = ledger.end(lease, state="cancelled", error=None)
        return Outcome.CANCELLED if kept else Outcome.LOST
