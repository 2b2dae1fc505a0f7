"""What the log's followers do at points of the core."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from core.db import closing
from core.events import following, running, waiting
from core.http import metrics
from core.plugins.hookspecs import hookimpl


@hookimpl
def app_ready(app: Flask) -> None:
    """Measure how far followers are behind when somebody reads the measurements, and wake who waits for an event."""
    metrics.at_scrape(app, running.measure)
    closing.listeners().append(waiting.install(app).committed)


@hookimpl
def agency_created(agency_id: UUID) -> None:
    """Followers read a new agency from its first event."""
    following.begin()
