"""What follows from what happens to leads."""

from __future__ import annotations

from datetime import timedelta

from . import jobs
from .events import FirstResponseDue

_MINUTE = timedelta(minutes=1)


def look_when_due(event: FirstResponseDue) -> None:
    """Look for overdue responses in the minute after this one is due: once, however many are due in it."""
    at = event.due_at.replace(second=0, microsecond=0) + _MINUTE
    jobs.find_overdue_responses.later(at=at, unique=f"due {at:%Y-%m-%dT%H:%MZ}").enqueue()
