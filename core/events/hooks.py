"""What the log's followers do at points of the core."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from core.events import following, running
from core.http import metrics
from core.plugins.hookspecs import hookimpl


@hookimpl
def app_ready(app: Flask) -> None:
    """Measure how far followers are behind whenever somebody reads the measurements."""
    metrics.at_scrape(app, running.measure)


@hookimpl
def agency_created(agency_id: UUID) -> None:
    """Followers read a new agency from its first event."""
    following.begin()
