"""What neighbours may ask about leads."""

from __future__ import annotations

from .events import LeadAssigned, LeadChanged, LeadCreated, LeadDeleted, LeadLost, LeadMoved, LeadRestored, LeadWon
from .schemas import LeadView
from .service import leads

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
    "view",
]

view = leads.view
