"""What can go wrong with notifications."""

from __future__ import annotations

from core.sdk import Conflict


class TooManyMutes(Conflict):
    """The person has muted as much as one may."""

    code = "notifications_mutes_exhausted"
    title = "You have muted as much as one may; hear about some of it again"
