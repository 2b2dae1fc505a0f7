"""How long what has been read is kept."""

from __future__ import annotations

from datetime import timedelta

from core.sdk import clock, settings_of

from ..repository.stored import notifications
from ..settings import NotificationSettings


def remove_old() -> None:
    """Remove what was read, or told elsewhere alone, so long ago that nobody looks for it."""
    before = clock.now() - timedelta(days=settings_of(NotificationSettings).keep_read_days)
    notifications.remove_read(before=before)
    notifications.remove_unseen(before=before)
