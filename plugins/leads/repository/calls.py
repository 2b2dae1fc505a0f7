"""Queries for logged calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args
from uuid import UUID

from sqlalchemy import delete, select

from core.sdk import RANGE, Filter, Instant, Listing, ListQuery, NotFound, Page, Repository, db, read, users

from ..models import Call, CallVersion
from ..schemas.calls import CallVersionView, CallView, Direction, Outcome

CALL = select(*read.columns(CallView, Call, author_name=users.name_of(Call.author_id)))

VERSION = select(*read.columns(CallVersionView, CallVersion))


class Calls(Repository[Call]):
    """The calls about one lead; who may see the lead may see them."""

    model = Call
    permission = "leads.read"
    listing = Listing(
        filters={
            "direction": Filter(Call.direction, get_args(Direction)[0], "Who called."),
            "outcome": Filter(Call.outcome, get_args(Outcome)[0], "What became of it."),
            "at": Filter(Call.at, Instant, "When it began.", RANGE),
        },
        sorts={"at": Call.at},
        default_sort="-at",
    )

    def rows(self, lead_ids: list[UUID], query: ListQuery) -> Page[CallView]:
        """A page of the calls about leads."""
        return self.page(query, CALL, CallView, within={Call.lead_id: lead_ids})

    def shown(self, call_id: UUID, *, about: list[UUID]) -> CallView:
        """A call about one of these leads. Raises NotFound."""
        call = self.view(call_id, CALL, CallView)
        if call.lead_id not in about:
            raise NotFound
        return call

    def of_leads(self, call_id: UUID, *, about: list[UUID], version: int | None) -> Call:
        """A call about one of these leads, for changing it. Raises NotFound, PreconditionFailed."""
        call = self.get(call_id, version=version)
        if call.lead_id not in about:
            raise NotFound
        return call


class CallVersions(Repository[CallVersion]):
    """What was logged of one call before; who may see the lead may see it."""

    model = CallVersion
    permission = "leads.read"
    listing = Listing(filters={}, sorts={"created_at": CallVersion.created_at})

    def rows(self, lead_ids: list[UUID], call_id: UUID, query: ListQuery) -> Page[CallVersionView]:
        """A page of what was logged of a call about one of these leads, the latest first. Raises NotFound."""
        within = {CallVersion.lead_id: lead_ids, CallVersion.call_id: call_id}
        found = self.page(query, VERSION, CallVersionView, within=within)
        if not found.items:
            # Most calls are never corrected, and some are not there.
            calls.shown(call_id, about=lead_ids)
        return found

    def of_leads(self, lead_ids: Sequence[UUID]) -> Sequence[CallVersion]:
        """Everything that was logged of calls about these leads before."""
        return db.session.scalars(select(CallVersion).where(CallVersion.lead_id.in_(lead_ids))).all()

    def forget(self, lead_ids: Sequence[UUID]) -> None:
        """Remove it."""
        db.session.execute(delete(CallVersion).where(CallVersion.lead_id.in_(lead_ids)))


calls = Calls()
versions = CallVersions()
