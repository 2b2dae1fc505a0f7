"""Queries for first responses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import case, func, select, type_coerce, update
from sqlalchemy.orm.attributes import set_committed_value

from core.sdk import StructJSON, db, read

from ..models import Lead, StatusChange
from ..models.rules import ResponseTargets
from ..schemas.first_response import FirstResponse, FirstResponseTargets

_PAIRS = (
    *("due_at", Lead.response_due_at),
    *("responded_at", Lead.responded_at),
    *("working_minutes_taken", Lead.response_minutes),
    *("state", Lead.response_state),
)
FIRST_RESPONSE = type_coerce(
    case((Lead.response_state.is_not(None), func.jsonb_build_object(*_PAIRS))), StructJSON(FirstResponse | None)
)
"""When a lead is, or was, to get a first response, as one column."""
BATCH = 200
_NO_LIMITS = FirstResponseTargets(urgent=None, high=None, normal=None, low=None)
_TARGETS = read.Query(
    select(ResponseTargets.urgent, ResponseTargets.high, ResponseTargets.normal, ResponseTargets.low),
    lambda urgent, high, normal, low: FirstResponseTargets(urgent=urgent, high=high, normal=normal, low=low),
)


class Overdue(NamedTuple):
    """A lead that waits longer than it should for a first response."""

    lead_id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    due_at: datetime


def targets() -> FirstResponseTargets:
    """What the acting agency set; no limits where it set none."""
    return _TARGETS.first() or _NO_LIMITS


def targets_row() -> ResponseTargets | None:
    """The same for changing it."""
    return db.session.scalar(select(ResponseTargets).with_for_update())


def add_targets(row: ResponseTargets) -> None:
    """Keep them for the first time."""
    db.session.add(row)
    db.session.flush()


def first_reached(statuses: Collection[str], lead_ids: Collection[UUID]) -> datetime | None:
    """When one of some leads first got to one of some statuses."""
    steps = (StatusChange.lead_id.in_(lead_ids), StatusChange.to_status.in_(statuses))
    return db.session.scalar(select(func.min(StatusChange.created_at)).where(*steps))


def lock(lead: Lead) -> None:
    """Have whoever marks a lead as overdue wait for this unit of work, and see what they have just made of it."""
    now = select(Lead.response_state, Lead.response_due_at).where(Lead.id == lead.id).with_for_update()
    # What is changed of it so far is written with the rest.
    with db.session.no_autoflush:
        state, due_at = db.session.execute(now, execution_options={"include_deleted": True}).one()
    set_committed_value(lead, "response_state", state)
    set_committed_value(lead, "response_due_at", due_at)


def take_overdue(now: datetime) -> list[Overdue]:
    """Mark a batch of leads whose first response was due, longest ago first; each is found once, whoever asks.

    Whoever comes second waits for the rows of the first, and then finds them marked.
    """
    due = select(Lead.id).where(
        Lead.response_state == "pending", Lead.response_due_at <= now, Lead.deleted_at.is_(None)
    )
    batch = due.order_by(Lead.response_due_at, Lead.id).limit(BATCH).with_for_update()
    # Whoever is changing one of them meanwhile is not disturbed: its version stays.
    marked = update(Lead).where(Lead.id.in_(batch)).values(response_state="overdue", updated_at=Lead.updated_at)
    returned = marked.returning(Lead.id, Lead.owner_id, Lead.team_id, Lead.response_due_at)
    found = db.session.execute(returned, execution_options={"synchronize_session": False})
    return [Overdue(lead_id, owner_id, team_id, due_at) for lead_id, owner_id, team_id, due_at in found if due_at]
