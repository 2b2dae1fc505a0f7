"""What neighbours may ask about leads."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from core.sdk import current_actor

from . import jobs, permissions
from .events import (
    LeadAssigned,
    LeadChanged,
    LeadCreated,
    LeadDeleted,
    LeadLost,
    LeadMoved,
    LeadRestored,
    LeadWon,
)
from .events.scores import LeadScored
from .hookspecs import Asked
from .schemas import LeadDraft, LeadView
from .schemas.scored import Contribution
from .schemas.timeline import TimelineEntry
from .service import leads, notes, pipeline

__all__ = [
    "Asked",
    "Contribution",
    "LeadAssigned",
    "LeadChanged",
    "LeadCreated",
    "LeadDeleted",
    "LeadDraft",
    "LeadLost",
    "LeadMoved",
    "LeadRestored",
    "LeadScored",
    "LeadView",
    "LeadWon",
    "TimelineEntry",
    "add_note",
    "create",
    "reached",
    "rescore",
    "view",
]

reached = pipeline.reached
view = leads.view


def create(draft: LeadDraft) -> LeadView:
    """Take in a lead. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return leads.create(draft)


def add_note(lead_id: UUID, text: str) -> UUID:
    """Write a note on a lead; its id. Raises Forbidden for callers who could not do so, NotFound, MergedAway."""
    current_actor().require(permissions.WRITE.name)
    leads.is_within_reach(lead_id)
    return notes.add(lead_id, text=text)


def rescore(lead_ids: Iterable[UUID]) -> None:
    """Have leads scored once the running unit of work has committed: what your `leads_score` answers has changed."""
    jobs.score_some.enqueue(sorted(lead_ids))
