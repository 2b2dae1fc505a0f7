"""How long what has been read is kept."""

from __future__ import annotations

from datetime import datetime

from core.sdk import privacy, settings_of

from ..repository.stored import notifications
from ..settings import NotificationSettings


def days() -> int:
    """After how many days nobody looks for it, where an agency has chosen nothing."""
    return settings_of(NotificationSettings).keep_read_days


def remove(before: datetime, most: int) -> int:
    """Remove what was read, or told elsewhere alone, before an instant, by people who are not on hold; how many."""
    return notifications.remove_old(before=before, but=privacy.on_hold(privacy.USER), most=most)


def count(before: datetime) -> int:
    """How many it would be."""
    return notifications.count_old(before=before, but=privacy.on_hold(privacy.USER))
