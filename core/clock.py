"""The one source of the current time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from core import past


def now() -> datetime:
    """The current instant, in UTC; in what is told of the past, the one it happened at."""
    told = past.told()
    return datetime.now(UTC) if told is None else told.at


def today(zone: str) -> date:
    """The calendar date it is now in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def is_in_reach(instant: datetime) -> bool:
    """Whether an instant with its offset is one in UTC as well: `9999-12-31T23:59:59-12:00` is of the year 10000."""
    try:
        instant.astimezone(UTC)
    except OverflowError:
        return False
    return True
