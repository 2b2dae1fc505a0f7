"""Leads live: who looks at one, and who types about it."""

from __future__ import annotations

from core.sdk import Room, current_agency_id, current_user_id, emit, handler, rooms

from . import permissions
from .schemas import Typing, TypingAt
from .service import leads

LEAD = Room(
    kind="lead",
    summary="Whoever has a lead open.",
    permission=permissions.READ,
    may_join=leads.is_within_reach,
)
EMITS = {"typing": Typing}


@handler(permission=permissions.WRITE, accepts=TypingAt, rate="5/second")
def typing(sent: TypingAt) -> None:
    """Tell whoever has the lead open that the caller is typing."""
    leads.is_within_reach(sent.lead_id)
    told = Typing(sent.lead_id, current_user_id())
    emit("leads.typing", told, room=rooms.entity(current_agency_id(), LEAD.kind, sent.lead_id))
