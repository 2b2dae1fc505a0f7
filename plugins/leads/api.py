"""What neighbours may ask about leads."""

from __future__ import annotations

from .events import LeadAssigned, LeadChanged, LeadCreated, LeadDeleted, LeadLost, LeadMoved, LeadRestored, LeadWon
from .schemas import LeadView
from .service import leads, pipeline

__all__ = [
    "LeadAssigned",
    "LeadChanged",
    "LeadCreated",
    "LeadDeleted",
    "LeadLost",
    "LeadMoved",
    "LeadRestored",
    "LeadView",
    "LeadWon",
    "reached",
    "view",
]

reached = pipeline.reached
view = leads.view
