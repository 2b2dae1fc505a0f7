"""Calls with clients: who called, what came of it, and what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from core.sdk import UNSET, Fault, Invalid, ListQuery, Page, acting_user_id, clock, publish

from ..events import CallLogged
from ..models import Call
from ..repository import leads
from ..repository.calls import calls
from ..schemas.calls import CallDraft, CallView
from . import pipeline

_CLOCKS_DIFFER = timedelta(minutes=5)


def rows(lead_id: UUID, query: ListQuery) -> Page[CallView]:
    """A page of the calls about a lead. Raises NotFound."""
    return calls.rows(leads.with_merged(lead_id), query)


def view(lead_id: UUID, call_id: UUID) -> CallView:
    """A call about a lead. Raises NotFound."""
    return calls.shown(call_id, about=leads.with_merged(lead_id))


def write(lead_id: UUID, draft: CallDraft) -> CallView:
    """Log a call, as whoever was on the phone. Raises NotFound, Invalid.

    One that reached out to the client, or that somebody took, is the first contact with them where there was none.
    """
    at = _began(draft)
    # Two colleagues who log at once: the second finds what the first has made of the lead.
    leads.lock(lead_id)
    lead = leads.get(lead_id)
    following = draft.next_action
    call = calls.add(
        Call(
            lead_id=lead_id,
            author_id=acting_user_id(),
            direction=draft.direction,
            outcome=draft.outcome,
            at=at,
            duration_seconds=draft.duration_seconds,
            note=draft.note,
            next_action_at=following.at if following else None,
            next_action=following.text if following else None,
        )
    )
    publish(
        CallLogged(
            lead_id=lead_id,
            call_id=call.id,
            direction=call.direction,
            outcome=call.outcome,
            duration_seconds=call.duration_seconds,
        )
    )
    if following is not None:
        lead.own_action_at = lead.next_action_at = following.at
        lead.next_action = following.text
    if _is_contact(draft):
        pipeline.contacted(lead, at)
    leads.save()
    if following is not None:
        leads.settle_next_action(lead_id)
    return calls.shown(call.id, about=[lead_id])


def _is_contact(draft: CallDraft) -> bool:
    return draft.direction == "outbound" or draft.outcome == "answered"


def _began(draft: CallDraft) -> datetime:
    now = clock.now()
    if draft.at is UNSET:
        return now
    if draft.at > now + _CLOCKS_DIFFER:
        raise Invalid(errors=[Fault("/at", "future", "This call has not taken place yet")])
    return draft.at
