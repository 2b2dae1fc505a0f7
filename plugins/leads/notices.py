"""What people are told about leads."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Notice, users

from .events import (
    FirstResponseOverdue,
    LeadAssigned,
    LeadCreated,
    LeadMoved,
    LeadsIdle,
    NoteChanged,
    NoteWritten,
)
from .events.scores import LeadScored
from .events.waiting import LeadCameBack, UnownedLeadsIdle
from .repository import standing
from .service import audience


def _new_owners(event: LeadAssigned | LeadCreated) -> list[UUID]:
    """The owner, or the whole team while nobody in it has taken the lead."""
    if event.owner_left if isinstance(event, LeadAssigned) else event.imported:
        # Whoever takes over hundreds, or has them brought in, is told once.
        return []
    lead = standing(event.lead_id)
    if lead is None:
        return []
    if event.owner_id is not None:
        kept = isinstance(event, LeadAssigned) and event.from_owner_id == event.owner_id
        return [] if kept else audience.seeing(lead, [event.owner_id])
    # Since then somebody may have taken it.
    waiting = lead.owner_id is None and lead.team_id is not None
    return audience.seeing(lead, users.of_team(lead.team_id)) if waiting and lead.team_id else []


def _mentioned(event: NoteWritten | NoteChanged) -> list[UUID]:
    lead = standing(event.lead_id)
    return audience.seeing(lead, event.mentioned) if lead is not None and event.mentioned else []


def _owner(event: LeadMoved | LeadScored) -> list[UUID]:
    lead = standing(event.lead_id)
    return audience.seeing(lead, [lead.owner_id]) if lead is not None and lead.owner_id is not None else []


def _owner_of_hot(event: LeadScored) -> list[UUID]:
    # Who changes the rules, or brings leads in, has hundreds become hot, and knows it.
    return _owner(event) if event.band == "hot" and not (event.by_rules or event.imported) else []


def _reference(
    event: LeadAssigned | LeadCameBack | LeadCreated | LeadMoved | LeadScored | NoteWritten | NoteChanged,
) -> dict[str, str]:
    lead = standing(event.lead_id)
    return {"reference": lead.reference} if lead is not None else {}


def _move(event: LeadMoved) -> dict[str, str]:
    return {**_reference(event), "status": event.to_status.replace("_", " ")}


ASSIGNED = Notice(
    name="leads.assigned",
    summary="A lead becomes mine, or my team's while nobody has taken it",
    event=(LeadAssigned, LeadCreated),
    recipients=_new_owners,
    title="{actor} handed over {reference}",
    words=_reference,
)
MENTIONED = Notice(
    name="leads.mentioned",
    summary="Somebody mentions me in a note on a lead",
    event=(NoteWritten, NoteChanged),
    recipients=_mentioned,
    title="{actor} mentioned you on {reference}",
    words=_reference,
)
STATUS = Notice(
    name="leads.status",
    summary="Somebody else moves, wins or loses a lead of mine",
    event=LeadMoved,
    recipients=_owner,
    title="{actor} moved {reference} to {status}",
    words=_move,
)


def _waiting_for(event: FirstResponseOverdue) -> list[UUID]:
    """The owner, and those who manage the team; where it has nobody who does, those who manage everything."""
    lead = standing(event.lead_id)
    if lead is None:
        return []
    managers = audience.managers(lead.team_id)
    return audience.seeing(lead, managers if lead.owner_id is None else {lead.owner_id, *managers})


def _who_goes_on(event: LeadCameBack) -> list[UUID]:
    lead = standing(event.lead_id)
    if lead is None:
        return []
    return audience.managers(lead.team_id) if lead.owner_id is None else audience.seeing(lead, [lead.owner_id])


OVERDUE = Notice(
    name="leads.first_response_overdue",
    summary="A lead of mine, or of a team I manage, has not been answered in time",
    event=FirstResponseOverdue,
    recipients=_waiting_for,
    title="{reference} still waits for a first response",
    words=_reference,
)
HOT = Notice(
    name="leads.hot",
    summary="A lead of mine becomes hot",
    event=LeadScored,
    recipients=_owner_of_hot,
    title="{reference} is hot: {score} of 100",
    words=lambda event: {**_reference(event), "score": str(event.score)},
)
IDLE = Notice(
    name="leads.idle",
    summary="Open leads of mine have no next action, once a day",
    event=LeadsIdle,
    recipients=lambda event: [event.owner_id],
    title="Open leads without a next action: {count}",
    words=lambda event: {"count": str(event.count)},
)
IDLE_UNOWNED = Notice(
    name="leads.idle_unowned",
    summary="Open leads that nobody has taken, of a team I manage, have no next action, once a day",
    event=UnownedLeadsIdle,
    recipients=lambda event: audience.managers(event.team_id),
    title="Open leads that nobody has taken, without a next action: {count}",
    words=lambda event: {"count": str(event.count)},
)
BACK = Notice(
    name="leads.came_back",
    summary="The day has come on which I wanted to go on with a lead, or ask its client again",
    event=LeadCameBack,
    recipients=_who_goes_on,
    title="{reference} comes back today: go on with it",
    words=_reference,
)
ALL = (ASSIGNED, MENTIONED, STATUS, OVERDUE, HOT, IDLE, IDLE_UNOWNED, BACK)
