"""How it went: when enquiries come in, and which way each takes through the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from ...schemas import Status

_BY_MONTH = (1.55, 1.25, 1.05, 0.9, 0.85, 0.8, 0.85, 0.9, 1.0, 0.95, 0.9, 0.7)
"""January is when people plan; nobody asks before Christmas."""
_BY_HOUR = (1, 1, 0, 0, 0, 1, 2, 4, 7, 9, 10, 10, 8, 8, 9, 9, 8, 7, 8, 9, 10, 8, 5, 2)
_BUSIEST = max(_BY_MONTH)
_NEXT: dict[Status, tuple[tuple[Status, int], ...]] = {
    "new": (("contacted", 88), ("lost", 12)),
    "contacted": (("qualified", 70), ("lost", 30)),
    "qualified": (("proposal_sent", 86), ("lost", 14)),
    "proposal_sent": (("negotiation", 42), ("won", 24), ("lost", 30), ("on_hold", 4)),
    "negotiation": (("won", 58), ("lost", 33), ("on_hold", 9)),
    "on_hold": (("negotiation", 60), ("lost", 40)),
}
"""The steps that `service.pipeline` allows, with how often each is taken."""
_DAYS: dict[Status, float] = {
    "new": 0.4,
    "contacted": 2.5,
    "qualified": 3.0,
    "proposal_sent": 7.0,
    "negotiation": 9.0,
    "on_hold": 30.0,
}
REASONS = ("price", "dates", "competitor", "no_reply", "no_reply", "plans_changed", "not_bookable", "duplicate")


class Step(NamedTuple):
    """One step through the pipeline."""

    left: Status
    to: Status
    at: datetime
    seconds: int
    """How long it had been where it left."""


def arrivals(count: int, *, until: datetime, months: int, random: Random) -> list[datetime]:
    """When so many enquiries come in, oldest first: more each year, by season, weekday and hour."""
    span = timedelta(days=30.4 * months)
    found: list[datetime] = []
    while len(found) < count:
        # The square root makes the second year busier than the first.
        at = until - span * (1 - random.random() ** 0.75)
        weekend = 0.55 if at.weekday() > 4 else 1.0
        if random.random() * _BUSIEST > _BY_MONTH[at.month - 1] * weekend:
            continue
        hour = random.choices(range(24), _BY_HOUR)[0]
        at = at.replace(hour=hour, minute=random.randrange(60), second=random.randrange(60))
        if at < until:
            found.append(at)
    return sorted(found)


def course(asked: datetime, *, until: datetime, random: Random) -> Iterator[Step]:
    """The steps a lead has taken by now, first to last."""
    status: Status = "new"
    at = asked
    while ways := _NEXT.get(status):
        waited = timedelta(days=random.expovariate(1 / _DAYS[status]), minutes=7)
        if at + waited >= until:
            return
        [taken] = random.choices([name for name, _ in ways], [weight for _, weight in ways])
        at += waited
        yield Step(status, taken, at, int(waited.total_seconds()))
        status = taken
