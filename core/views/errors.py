"""What can go wrong with saved views."""

from __future__ import annotations

from core.errors import Conflict


class ViewBroken(Conflict):
    """What the view asks for is gone, or not for the caller to see: `errors` says what."""

    code = "view_broken"
    title = "This view asks for something that is no longer there"
