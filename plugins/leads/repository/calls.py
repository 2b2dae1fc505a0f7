"""Queries for logged calls."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from sqlalchemy import select

from core.sdk import RANGE, Filter, Instant, Listing, ListQuery, NotFound, Page, Repository, read, users

from ..models import Call
from ..schemas.calls import CallView, Direction, Outcome

CALL = select(*read.columns(CallView, Call, author_name=users.name_of(Call.author_id)))


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


calls = Calls()
