"""What neighbours may ask about leads."""

from __future__ import annotations

from uuid import UUID

from core.sdk import current_actor

from . import permissions
from .events import LeadAssigned, LeadChanged, LeadCreated, LeadDeleted, LeadLost, LeadMoved, LeadRestored, LeadWon
from .hookspecs import Asked
from .schemas import LeadDraft, LeadView
from .schemas.timeline import TimelineEntry
from .service import leads, pipeline

__all__ = [
    "Asked",
    "LeadAssigned",
    "LeadChanged",
    "LeadCreated",
    "LeadDeleted",
    "LeadDraft",
    "LeadLost",
    "LeadMoved",
    "LeadRestored",
    "LeadView",
    "LeadWon",
    "TimelineEntry",
    "create",
    "reached",
    "view",
]

reached = pipeline.reached
view = leads.view


def create(draft: LeadDraft) -> UUID:
    """Take in a lead; its id. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return leads.create(draft).id
