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
