"""Load for the workers."""

from __future__ import annotations

from core.sdk import job


@job(queue="bench", max_attempts=3)
def nothing(number: int) -> None:
    """Do nothing."""
    del number
