"""What of the log people are told about."""

from __future__ import annotations

from collections.abc import Sequence

from core.sdk import Follower, Recorded

from . import jobs
from .service import kinds


def gather(events: Sequence[Recorded], _build: int) -> None:
    """One job for each event and each kind of notice it causes, so that a failing one is repeated alone."""
    caused = kinds.caused_by(recorded.name for recorded in events)
    for recorded in events:
        for kind in caused.get(recorded.name, ()):
            jobs.tell.later(unique=f"{recorded.id}:{kind}").enqueue(recorded.id, kind)


GATHER = Follower(
    name="notifications.gather", summary="Tells people of what happens, as each plugin's notices say.", apply=gather
)
