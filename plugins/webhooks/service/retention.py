"""How long the log of messages is kept."""

from __future__ import annotations

from datetime import datetime

from core.sdk import privacy, settings_of

from ..repository import deliveries, endpoints
from ..settings import WebhookSettings


def days() -> int:
    """After how many days finished messages go, where an agency has chosen nothing."""
    return settings_of(WebhookSettings).keep_days


def prune(before: datetime, most: int) -> int:
    """Remove what was finished before an instant, and what is left of deleted endpoints; how many messages.

    What names somebody who is on hold stays.
    """
    count = deliveries.sweep(before, but=privacy.all_on_hold(), most=most)
    if count < most:
        endpoints.sweep()
    return count


def count(before: datetime) -> int:
    """How many messages it would be."""
    return deliveries.count_old(before, but=privacy.all_on_hold())
