"""When something is due: the instant of a day, and perhaps a time, by the clocks of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LAST_DAY = date(9998, 12, 31)


def instant(day: date, at: str | None, zone: str) -> datetime:
    """The instant of a time, `14:30`, on a day; without one, that of the end of the day.

    Where clocks change, the offset from before the change counts: a time that they skip is as much later as was
    skipped, and of one that they show twice it is the first.
    """
    if at is None:
        return instant(min(day, _LAST_DAY) + timedelta(days=1), "00:00", zone)
    # fold=0 is the offset from before the change, for what is skipped and for what is shown twice.
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone)).astimezone(UTC)


def at_hour(day: date, hour: int, zone: str) -> datetime:
    """The instant of a full hour on a day."""
    return instant(day, f"{hour:02}:00", zone)
