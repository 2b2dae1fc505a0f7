"""Sending messages, and what follows from how that went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from core.sdk import Job, Retention, job

from .schemas import Next
from .service import log, retention, sending

QUEUE = "webhooks"
"""Of its own: a receiver may take ten seconds, and nothing else waits for that."""


@job(queue=QUEUE)
def deliver(delivery_id: UUID, ticket: int, *, by_hand: bool = False) -> None:
    """Make an attempt to send a message."""
    enqueue(sending.attempt(delivery_id, ticket, by_hand=by_hand))


@job(queue=QUEUE)
def probe(endpoint_id: UUID) -> None:
    """Try one message of an endpoint whose messages wait in line."""
    enqueue(sending.probe(endpoint_id))


@job()
def release(endpoint_id: UUID) -> None:
    """Let the messages of an endpoint go that waited in line."""
    enqueue(*log.release(endpoint_id))


@job()
def recover(endpoint_id: UUID, since: datetime, until: datetime) -> None:
    """Send again what had failed."""
    enqueue(*log.recover(endpoint_id, since=since, until=until))


@job()
def abandon(endpoint_id: UUID) -> None:
    """Give up what was to be sent to a disabled endpoint."""
    enqueue(*log.abandon(endpoint_id))


FINISHED = Retention(
    name="webhooks.deliveries",
    summary="Messages to webhooks that were delivered or failed, with their attempts",
    apply=retention.prune,
    count=retention.count,
    days=retention.days,
)

_JOBS: dict[str, Job[Any]] = {
    "deliver": deliver,
    "probe": probe,
    "release": release,
    "recover": recover,
    "abandon": abandon,
}


def enqueue(*following: Next | None) -> None:
    """Enqueue the jobs that follow."""
    for each in _present(following):
        _JOBS[each.job].later(at=each.at, unique=each.unique).enqueue(**each.given)


def _present(following: Iterable[Next | None]) -> Iterable[Next]:
    return (each for each in following if each is not None)
