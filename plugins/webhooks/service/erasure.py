"""What the log of messages says about people, though messages carry ids alone: what was echoed, and what slipped in."""

from __future__ import annotations

from core.sdk import clock, privacy

from ..models import Attempt, Delivery
from ..repository import deliveries

_GONE = '{"erased":true}'


def erase(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Forget what receivers answered to messages about a person, and messages that name them."""
    answers = deliveries.forget_answers(subject.words)
    messages = deliveries.forget_bodies(subject.names, instead=_GONE, at=clock.now())
    return [
        privacy.Outcome(table=Attempt.__tablename__, rows=answers),
        privacy.Outcome(table=Delivery.__tablename__, rows=messages),
    ]
