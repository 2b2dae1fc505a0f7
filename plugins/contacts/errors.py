"""What can go wrong with contacts."""

from __future__ import annotations

from core.sdk import Conflict


class StillHasMembers(Conflict):
    """People still belong to the household or company."""

    code = "contact_has_members"
    title = "People still belong to this contact"
