"""The event log over HTTP."""

from __future__ import annotations

from core.audit import permissions
from core.audit.repository import Log, log
from core.audit.schemas import EventView
from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint

blueprint = Blueprint("audit", description="Who did what, and when.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Log.listing)
@blueprint.response(200, Page[EventView])
def search(query: ListQuery) -> Page[EventView]:
    """List what happened, newest first."""
    return log.rows(query)
