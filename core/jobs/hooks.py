"""What jobs do at points of the core: bells ring after commits, and a new agency gets its schedules."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from core import clock
from core.agencies.repository import current_agency
from core.jobs import bells, measurements, registry, schedules
from core.plugins.hookspecs import hookimpl


@hookimpl
def app_ready(app: Flask) -> None:
    """Ring for what commits enqueue, and tell how deep the queues are."""
    bells.install(app, app.extensions["tripfile.settings"])
    measurements.watch(app)


@hookimpl
def agency_created(agency_id: UUID) -> None:
    """Schedule what is scheduled in every agency."""
    schedules.of_agency(agency_id, current_agency().zone, registry.current(), now=clock.now())
