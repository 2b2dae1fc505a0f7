"""The one source of the current time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar date it is now in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()
