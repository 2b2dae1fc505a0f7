"""What is read from the agency's log, in order."""

from __future__ import annotations

from collections.abc import Sequence

from core.sdk import Follower, Recorded

from . import jobs
from .service import messages


def _spread(events: Sequence[Recorded], build: int) -> None:
    """Make the messages about events, and the jobs that send them, in one transaction with the checkpoint."""
    del build  # Jobs are not rebuilt.
    jobs.enqueue(*messages.spread(events))


DELIVERIES = Follower(
    name="webhooks.deliveries", summary="Makes a message for each endpoint that listens to an event.", apply=_spread
)
