"""Calls with clients: who called, what came of it, and what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from core.sdk import UNSET, Fault, Invalid, ListQuery, Page, acting_user_id, clock, fields, gather, publish

from ..errors import CallOfSomebodyElse
from ..events import CallLogged
from ..events.calls import CallChanged, CallDeleted
from ..models import Call, CallVersion
from ..repository import leads
from ..repository.calls import calls, versions
from ..schemas.calls import CallDraft, CallPatch, CallVersionView, CallView, NextAction
from . import pipeline, reach

_CLOCKS_DIFFER = timedelta(minutes=5)


def rows(lead_id: UUID, query: ListQuery) -> Page[CallView]:
    """A page of the calls about a lead. Raises NotFound."""
    return calls.rows(leads.with_merged(lead_id), query)


def view(lead_id: UUID, call_id: UUID) -> CallView:
    """A call about a lead. Raises NotFound."""
    return calls.shown(call_id, about=leads.with_merged(lead_id))


def history(lead_id: UUID, call_id: UUID, query: ListQuery) -> Page[CallVersionView]:
    """A page of what was logged of a call before, the latest first. Raises NotFound."""
    return versions.rows(leads.with_merged(lead_id), call_id, query)


def write(lead_id: UUID, draft: CallDraft) -> CallView:
    """Log a call, as whoever was on the phone. Raises NotFound, Invalid.

    One that reached out to the client, or that somebody took, is the first contact with them where there was none.
    """
    following = draft.next_action
    at = clock.now() if draft.at is UNSET else draft.at
    gather(partial(_check_past, at), partial(_check_following, following))
    # Two colleagues who log at once: the second finds what the first has made of the lead.
    leads.lock(lead_id)
    lead = leads.get(lead_id)
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
    if _is_contact(call):
        pipeline.contacted(lead, at)
    leads.save()
    if following is not None:
        leads.settle_next_action(lead_id)
    return calls.shown(call.id, about=[lead_id])


def change(lead_id: UUID, call_id: UUID, patch: CallPatch, *, version: int | None) -> CallView:
    """Correct a call of one's own, or with `leads.delete` for the lead anybody's; what it said before is kept.

    One that turns out to be contact is the first with the client where there was none; a step that a call has caused
    stays. Raises CallOfSomebodyElse, NotFound, PreconditionFailed, Invalid.
    """
    timeline = leads.with_merged(lead_id)
    leads.lock(lead_id)
    call = calls.of_leads(call_id, about=timeline, version=version)
    _require_mine(call, lead_id)
    changes = {name: value for name, value in patch.changes().items() if getattr(call, name) != value}
    if not changes:
        return calls.shown(call.id, about=timeline)
    if "at" in changes:
        _check_past(changes["at"])
    said = {name: getattr(call, name) for name in CallPatch.__struct_fields__}
    written_at = call.edited_at or call.created_at
    versions.append(CallVersion(lead_id=call.lead_id, call_id=call.id, written_at=written_at, **said))
    for name, value in changes.items():
        setattr(call, name, value)
    call.edited_at = clock.now()
    calls.save()
    publish(CallChanged(lead_id=lead_id, call_id=call.id, fields=sorted(changes)), of=call)
    if _is_contact(call):
        pipeline.contacted(leads.get(lead_id), call.at)
        leads.save()
    return calls.shown(call.id, about=timeline)


def delete(lead_id: UUID, call_id: UUID, *, version: int | None) -> None:
    """Delete a call of one's own, or with `leads.delete` for the lead anybody's; what it caused stays.

    Raises CallOfSomebodyElse, NotFound, PreconditionFailed.
    """
    timeline = leads.with_merged(lead_id)
    call = calls.of_leads(call_id, about=timeline, version=version)
    _require_mine(call, lead_id)
    calls.remove(call)
    publish(CallDeleted(lead_id=lead_id, call_id=call_id))


def _require_mine(call: Call, lead_id: UUID) -> None:
    if call.author_id != acting_user_id() and not reach.deletes_all_of(lead_id):
        raise CallOfSomebodyElse


def _is_contact(call: Call) -> bool:
    return call.direction == "outbound" or call.outcome == "answered"


def _check_following(following: NextAction | None) -> None:
    if following is not None:
        fields.check_day(following.at, pointer="/next_action/at")


def _check_past(at: datetime) -> None:
    fields.check_day(at, pointer="/at")
    if at > clock.now() + _CLOCKS_DIFFER:
        raise Invalid(errors=[Fault("/at", "future", "This call has not taken place yet")])
