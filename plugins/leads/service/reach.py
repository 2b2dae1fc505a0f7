"""How far the caller's rights reach over what others put to a lead."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Forbidden, current_actor

from .. import permissions
from ..repository import standing


def deletes_all_of(lead_id: UUID) -> bool:
    """Whether the caller may delete the lead itself, and so what anybody put to it."""
    lead = standing(lead_id)
    if lead is None:
        return False
    return current_actor().reaches(permissions.DELETE.name, owner_id=lead.owner_id, team_id=lead.team_id)


def require_delete(lead_id: UUID) -> None:
    """Raise Forbidden unless they may."""
    if not deletes_all_of(lead_id):
        raise Forbidden(f"The permission {permissions.DELETE.name} does not reach this lead")
