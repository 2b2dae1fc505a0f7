"""Queries over the event log."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core.audit.schemas import EventView
from core.db import read
from core.db.query import RANGE, Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.events.models import EventEntry
from core.fields import Instant

EVENT = select(*read.columns(EventView, EventEntry))


class Log(Repository[EventEntry]):
    """The agency's event log, newest first."""

    model = EventEntry
    permission = "audit.read"
    listing = Listing(
        filters={
            "name": Filter(EventEntry.name, str, "Name of the event, e.g. `leads.lead_won`."),
            "subject_id": Filter(EventEntry.subject_id, UUID, "Id of what it happened to."),
            "actor_id": Filter(EventEntry.actor_id, UUID, "Id of the user who did it."),
            "occurred_at": Filter(EventEntry.occurred_at, Instant, "When it happened.", RANGE),
        },
        sorts={"occurred_at": EventEntry.occurred_at},
        default_sort="-occurred_at",
    )

    def rows(self, query: ListQuery) -> Page[EventView]:
        """A page of the log."""
        return self.page(query, EVENT, EventView)


log = Log()
