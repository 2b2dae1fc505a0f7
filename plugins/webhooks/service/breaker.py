"""How an endpoint's answers change it: the schedule, the line its messages wait in, and when it is given up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from core.sdk import clock, publish, settings_of

from ..events import EndpointDisabled
from ..models import Delivery, Endpoint
from ..repository import deliveries
from ..schemas import Next, Outcome, Reason
from ..settings import WebhookSettings

SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""The pauses between ten attempts, as Standard Webhooks suggests: about 75 hours in all."""
STRIKES = 5
"""Failures or slow answers in a row after which the messages of an endpoint wait in line: one at a time is tried, the
others spend no attempts, and a quick answer lets all of them go."""
SLOW = 5.0
"""Seconds after which an answer counts as slow."""
SPENT = 3
"""Messages in a row that may fail for good."""
LONGEST_WISH = timedelta(hours=24)
_FIRST_GAP, _LONGEST_GAP = timedelta(seconds=30), timedelta(minutes=15)
_LOOK = timedelta(minutes=2)
"""How long the line is left alone when it is nobody's turn."""
_JITTER = 0.1
_ASKS_TO_WAIT = frozenset({429, 503})
_GONE = 410


def took(endpoint: Endpoint, outcome: Outcome) -> Next | None:
    """An endpoint has taken a message; what follows for the others."""
    endpoint.failing_since, endpoint.spent = None, 0
    if outcome.seconds < SLOW:
        was_held = endpoint.held_since is not None
        endpoint.strikes, endpoint.held_since = 0, None
        return release_of(endpoint) if was_held else None
    _strike(endpoint)
    return next_in_line(endpoint, after=timedelta(0))


def refused(endpoint: Endpoint, delivery: Delivery, outcome: Outcome) -> Next | None:
    """An endpoint has not taken a message; when that is tried again, and what follows."""
    now = clock.now()
    endpoint.failing_since = endpoint.failing_since or now
    _strike(endpoint)
    _schedule(endpoint, delivery, outcome, now)
    reason = _reason_to_give_up(endpoint, outcome, now)
    if reason is not None:
        fail(delivery, delivery.error or "", at=now)
        disable(endpoint, reason)
        return None
    if endpoint.held_since is not None:
        return next_in_line(endpoint, after=_gap(endpoint.strikes))
    return delivery_of(delivery) if delivery.state == "waiting" else None


def next_in_line(endpoint: Endpoint, *, after: timedelta) -> Next | None:
    """The job that tries the first message in an endpoint's line, or looks whether there is one by then."""
    if endpoint.held_since is None:
        return None
    now = clock.now()
    turn = deliveries.next_turn(endpoint.id)
    if turn is None:
        # Messages that have jobs of their own may be about to join.
        return probe_of(endpoint, at=now + max(after, SCHEDULE[0]))
    # Not only when it is somebody's turn: others join the line meanwhile, and there is one probe for all.
    return probe_of(endpoint, at=min(max(turn, now + after), now + max(after, _LOOK)))


def leave_empty(endpoint: Endpoint) -> Next | None:
    """Nobody waits in line for now: where that is so, the next message goes as usual."""
    if deliveries.next_turn(endpoint.id) is None:
        endpoint.held_since = None
    return next_in_line(endpoint, after=SCHEDULE[0])


def disable(endpoint: Endpoint, reason: Reason) -> None:
    """Send nothing more to an endpoint."""
    endpoint.enabled, endpoint.disabled_reason, endpoint.disabled_at = False, reason, clock.now()
    reset(endpoint)
    publish(EndpointDisabled(endpoint_id=endpoint.id, host=endpoint.host, reason=reason), of=endpoint)


def reset(endpoint: Endpoint) -> None:
    """Forget how an endpoint answered."""
    endpoint.strikes = endpoint.spent = 0
    endpoint.failing_since = endpoint.held_since = None


def fail(delivery: Delivery, error: str, *, at: datetime) -> None:
    """Give a message up."""
    delivery.state, delivery.error = "failed", error
    delivery.finished_at, delivery.next_attempt_at = at, None


def delivery_of(delivery: Delivery, *, by_hand: bool = False) -> Next:
    """The job that makes the next attempt; whatever job was there for it before is not needed any more."""
    delivery.ticket += 1
    return job_of(delivery.id, delivery.ticket, at=delivery.next_attempt_at, by_hand=by_hand)


def job_of(delivery_id: UUID, ticket: int, *, at: datetime | None = None, by_hand: bool = False) -> Next:
    """The job that makes an attempt for a ticket."""
    given = {"delivery_id": delivery_id, "ticket": ticket, "by_hand": by_hand}
    return Next(job="deliver", given=given, unique=f"{delivery_id}:{ticket}", at=at)


def probe_of(endpoint: Endpoint, *, at: datetime) -> Next:
    """The job that tries the first message in line; one at a time for each endpoint."""
    return Next(job="probe", given={"endpoint_id": endpoint.id}, unique=str(endpoint.id), at=at)


def release_of(endpoint: Endpoint) -> Next:
    """The job that lets go of what waits in line."""
    return Next(job="release", given={"endpoint_id": endpoint.id}, unique=str(endpoint.id))


def _strike(endpoint: Endpoint) -> None:
    endpoint.strikes += 1
    if endpoint.strikes >= STRIKES and endpoint.held_since is None:
        endpoint.held_since = clock.now()


def _schedule(endpoint: Endpoint, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    if delivery.step >= len(SCHEDULE):
        endpoint.spent += 1
        fail(delivery, f"{outcome.error}; that was the last attempt", at=now)
        return
    pause = SCHEDULE[delivery.step] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter, not a secret
    if outcome.status in _ASKS_TO_WAIT and outcome.retry_after is not None:
        pause = max(pause, min(timedelta(seconds=outcome.retry_after), LONGEST_WISH))
    delivery.step += 1
    delivery.next_attempt_at = now + pause
    delivery.state = "waiting" if endpoint.held_since is None else "held"


def _reason_to_give_up(endpoint: Endpoint, outcome: Outcome, now: datetime) -> Reason | None:
    if outcome.status == _GONE:
        return "gone"
    patience = timedelta(days=settings_of(WebhookSettings).disable_after_days)
    failing = now - (endpoint.failing_since or now)
    return "failing" if endpoint.spent >= SPENT or failing >= patience else None


def _gap(strikes: int) -> timedelta:
    doubled: int = 2 ** min(strikes - STRIKES, 10)
    return min(_LONGEST_GAP, _FIRST_GAP * doubled)
