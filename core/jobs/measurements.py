"""Measurements of jobs, by queue, name and outcome."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from flask import Flask
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.jobs import ledger

log = structlog.get_logger()
_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)

ended = Counter("tripfile_jobs_ended", "Attempts at jobs, by how they ended.", ["queue", "name", "outcome"])
seconds = Histogram("tripfile_job_seconds", "Time that attempts took.", ["queue"], buckets=_BUCKETS)
ring_failures = Counter("tripfile_job_ring_failures", "Bells that could not be rung; the sweeper makes up for them.")
refused = Counter("tripfile_job_bells_refused", "Messages in a bell's queue that were no bells.")
leases_expired = Counter("tripfile_job_leases_expired", "Jobs taken back from workers that fell silent.")


class Depth(Collector):
    """What waits and runs, asked of the ledger whenever somebody looks."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[GaugeMetricFamily]:
        """What there is, without asking the ledger."""
        return [_depth(), _age()]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Jobs by queue and state, and how long the oldest due one has waited."""
        depth, age = _depth(), _age()
        try:
            with self._app.app_context():
                lines = ledger.lines()
        except Exception as error:  # noqa: BLE001 - measurements are told even while the database is down
            log.warning("jobs.depth_unknown", cause=type(error).__name__)
            return
        for line in lines:
            depth.add_metric([line.queue, line.state], line.jobs)
            if line.state == "due":
                age.add_metric([line.queue], line.oldest_seconds)
        yield depth
        yield age


def _depth() -> GaugeMetricFamily:
    return GaugeMetricFamily("tripfile_jobs_depth", "Jobs that wait or run.", labels=["queue", "state"])


def _age() -> GaugeMetricFamily:
    return GaugeMetricFamily("tripfile_jobs_oldest_seconds", "How long the oldest due job waits.", labels=["queue"])


def watch(app: Flask) -> None:
    """Tell the depth of the queues with the other measurements of this process."""
    REGISTRY.register(Depth(app))
