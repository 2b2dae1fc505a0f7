"""What neighbours may ask about leads."""

from __future__ import annotations

from .events import LeadAssigned, LeadChanged, LeadCreated, LeadDeleted, LeadLost, LeadMoved, LeadRestored, LeadWon
from .hookspecs import Asked
from .schemas import LeadView
from .schemas.timeline import TimelineEntry
from .service import leads, pipeline

__all__ = [
    "Asked",
    "LeadAssigned",
    "LeadChanged",
    "LeadCreated",
    "LeadDeleted",
    "LeadLost",
    "LeadMoved",
    "LeadRestored",
    "LeadView",
    "LeadWon",
    "TimelineEntry",
    "reached",
    "view",
]

reached = pipeline.reached
view = leads.view
