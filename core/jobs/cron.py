"""Cron lines: when each comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from core import clock


def next_slot(cron: str, zone: str, after: datetime) -> datetime:
    """The first slot after an instant. Where clocks change, as cron does it: a skipped hour's jobs run right after
    it, a repeated hour's jobs run once. Raises ValueError for what is no cron line.
    """
    try:
        slot = next(CronSim(cron, after.astimezone(ZoneInfo(zone))))
    except (CronSimError, StopIteration):
        raise ValueError(f"{cron!r} is not a cron line that comes to a date") from None
    return slot.astimezone(UTC)


def comes(cron: str) -> bool:
    """Whether a line is a cron line, and one that comes to a date."""
    try:
        next_slot(cron, "UTC", clock.now())
    except ValueError:
        return False
    return True
