"""The event log over HTTP."""

from __future__ import annotations

from flask import Response

from core.audit import exports, permissions
from core.audit.repository import Log, log
from core.audit.schemas import EventView, ExportQuery
from core.db.query import ListQuery, Page
from core.exports import taking
from core.http.blueprint import Blueprint

blueprint = Blueprint("audit", description="Who did what, and when.")


@blueprint.get("/", permission=permissions.READ, uncached=True)
@blueprint.listing(Log.listing)
@blueprint.response(200, Page[EventView])
def search(query: ListQuery) -> Page[EventView]:
    """List what happened, newest first."""
    return log.rows(query)


@blueprint.post("/export", permission=permissions.EXPORT, cost=taking.COST, idempotency="off")
@blueprint.query(ExportQuery)
@blueprint.file("application/x-ndjson", "text/csv")
def export(query: ExportQuery) -> Response:
    """Take a part of the log away as a file, the oldest event first. That you did is itself in the log."""
    return exports.download(query)
