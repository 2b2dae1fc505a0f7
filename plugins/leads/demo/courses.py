"""How it went: which way each enquiry takes through the pipeline, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from ..schemas import Status

_NEXT: dict[Status, tuple[tuple[Status, int], ...]] = {
    "new": (("contacted", 88), ("lost", 12)),
    "contacted": (("qualified", 70), ("lost", 30)),
    "qualified": (("proposal_sent", 86), ("lost", 14)),
    "proposal_sent": (("negotiation", 42), ("won", 24), ("lost", 30), ("on_hold", 4)),
    "negotiation": (("won", 58), ("lost", 33), ("on_hold", 9)),
    "on_hold": (("negotiation", 45), ("won", 20), ("lost", 35)),
}
"""The steps that `service.pipeline` allows, with how often each is taken."""
_DAYS: dict[Status, float] = {
    "new": 0.5,
    "contacted": 7.0,
    "qualified": 8.0,
    "proposal_sent": 20.0,
    "negotiation": 18.0,
    "on_hold": 24.0,
}
HOLD = timedelta(days=30)
"""How long a client is given who has to think about it."""
RECYCLED = timedelta(days=120)
"""After how long a lost client is asked again."""
_COMES_BACK = 0.05
_LONG_WAIT = 2.5


class Step(NamedTuple):
    """One step through the pipeline."""

    left: Status
    to: Status
    at: datetime


def course(asked: datetime, *, until: datetime, random: Random) -> Iterator[Step]:
    """The steps a lead has taken by now, first to last."""
    status: Status = "new"
    taken: Status
    at, is_back = asked, False
    while True:
        if status == "lost" and not is_back and random.random() < _COMES_BACK:
            taken, is_back = "qualified", True
            waited = RECYCLED + timedelta(seconds=random.randrange(7 * 86_400))
        elif ways := _NEXT.get(status):
            [taken] = random.choices([name for name, _ in ways], [weight for _, weight in ways])
            # Nobody answers a minute after the letter; and few take months.
            days = min(random.expovariate(1 / _DAYS[status]), _LONG_WAIT * _DAYS[status] + 1)
            waited = timedelta(seconds=420 + int(days * 86_400))
        else:
            return
        if at + waited >= until:
            return
        at += waited
        yield Step(status, taken, at)
        status = taken
