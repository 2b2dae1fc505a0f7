"""Measurements of jobs, by queue, name and outcome."""

from __future__ import annotations

from flask import Flask
from prometheus_client import Counter, Gauge, Histogram

from core.http import metrics
from core.jobs import ledger

_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)

ended = Counter("tripfile_jobs_ended", "Attempts at jobs, by how they ended.", ["queue", "name", "outcome"])
seconds = Histogram("tripfile_job_seconds", "Time that attempts took.", ["queue"], buckets=_BUCKETS)
ring_failures = Counter("tripfile_job_ring_failures", "Bells that could not be rung; the sweeper makes up for them.")
refused = Counter("tripfile_job_bells_refused", "Messages in a bell's queue that were no bells.")
leases_expired = Counter("tripfile_job_leases_expired", "Jobs taken back from workers that fell silent.")


depth = Gauge(
    "tripfile_jobs_depth",
    "Jobs that are due, for later, or running.",
    ["queue", "state"],
    multiprocess_mode="mostrecent",
)
oldest = Gauge(
    "tripfile_jobs_oldest_seconds", "How long the oldest due job waits.", ["queue"], multiprocess_mode="mostrecent"
)
_told: set[tuple[str, str]] = set()


def watch(app: Flask) -> None:
    """Ask the ledger how deep the queues are whenever the measurements are read."""

    def measure() -> None:
        with app.app_context():
            _measure()

    metrics.at_scrape(app, measure)


def _measure() -> None:
    found = {(line.queue, line.state): line for line in ledger.lines()}
    # What was there before and is no more is told as 0, not left as it was.
    for queue, state in _told | found.keys():
        line = found.get((queue, state))
        depth.labels(queue, state).set(line.jobs if line else 0)
        if state == "due":
            oldest.labels(queue).set(line.oldest_seconds if line else 0)
    _told.update(found)
