"""One attempt to send a message: read, send with no transaction open, then record what came of it."""

from __future__ import annotations

import re
import time
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from uuid import UUID

from core.sdk import Unreadable, clock, masked, outbound

from ..models import Attempt, Delivery
from ..repository import deliveries, endpoints
from ..schemas import Message, Next, Outcome
from . import breaker, signing
from .pace import pace

EXCERPT = 1024
"""Bytes of an answer that are kept."""
_PERSONAL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.\w+|whsec_[\w+/=-]+|\+?\d[\d\s().-]{7,}\d")
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attempt(delivery_id: UUID, ticket: int, *, by_hand: bool) -> Next | None:
    """Make the attempt that the ticket is for; what follows. `by_hand` goes past the line."""
    message = deliveries.due(delivery_id)
    if message is None or message.state != "waiting" or message.ticket != ticket:
        return None
    if not message.enabled:
        _drop(message)
        return None
    if message.held_since is not None and not by_hand:
        return _join_line(message)
    wait = pace.begin(message.endpoint_id)
    if wait is not None:
        return _postpone(message, wait)
    return _record(message, _timed(message))


def probe(endpoint_id: UUID) -> Next | None:
    """Try the first message in an endpoint's line, if it is its turn; what follows."""
    message = deliveries.first_in_line(endpoint_id)
    if message is None or (message.due_at is not None and message.due_at > clock.now()):
        endpoint = endpoints.locked(endpoint_id)
        # Nobody joins the line while it is locked.
        return breaker.leave_empty(endpoint) if endpoint else None
    return _record(message, send(message))


def _timed(message: Message) -> Outcome:
    begun = time.perf_counter()
    try:
        return send(message)
    finally:
        pace.end(message.endpoint_id, seconds=time.perf_counter() - begun)


def send(message: Message) -> Outcome:
    """Send a message once; nothing is read or written meanwhile."""
    begun = time.perf_counter()
    try:
        headers = signing.headers(message, at=clock.now())
        client = outbound.SafeClient.for_addresses_of_users("webhooks")
        reply = client.send("POST", message.url, headers=headers, body=message.body.encode())
    except Unreadable:
        error = "The endpoint's secret can no longer be read: give it a new one"
    except outbound.NoReply as failure:
        error = str(failure)
    else:
        return _judged(reply)
    return Outcome(seconds=time.perf_counter() - begun, error=error)


def _judged(reply: outbound.Reply) -> Outcome:
    return Outcome(
        seconds=reply.elapsed,
        status=reply.status,
        error=None if 200 <= reply.status < 300 else _sentence(reply.status),
        response=excerpt(reply.body),
        retry_after=_wish(reply.headers.get("retry-after", "")),
    )


def _sentence(status: int) -> str:
    try:
        phrase = f" ({HTTPStatus(status).phrase})"
    except ValueError:
        phrase = ""
    followed = "; redirects are not followed" if 300 <= status < 400 else ""
    return f"The endpoint answered {status}{phrase}{followed}"


def excerpt(body: bytes) -> str | None:
    """The beginning of an answer, without what looks like a secret or a person."""
    text = _UNPRINTABLE.sub("\ufffd", body[:EXCERPT].decode(errors="replace"))
    return masked(_PERSONAL.sub("[masked]", text)) or None


def _wish(text: str) -> float | None:
    """The seconds of a Retry-After, which may be a date."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # A number of any length may stand where the day or the zone does.
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - clock.now()).total_seconds())


def _record(message: Message, outcome: Outcome) -> Next | None:
    """Write down what came of an attempt; what follows."""
    # The endpoint first, in everything that locks both. A healthy one stays healthy and is not locked at all.
    quick = outcome.error is None and outcome.seconds < breaker.SLOW
    endpoint = None if quick and not message.troubled else endpoints.locked(message.endpoint_id)
    delivery = deliveries.find(message.delivery_id)
    if delivery is None:
        return None
    _log(delivery, outcome)
    if outcome.error is None:
        delivery.state, delivery.finished_at, delivery.next_attempt_at = "delivered", clock.now(), None
        deliveries.save()
        return breaker.took(endpoint, outcome) if endpoint else None
    if endpoint is None or not endpoint.enabled:
        breaker.fail(delivery, outcome.error, at=clock.now())
        return None
    following = breaker.refused(endpoint, delivery, outcome)
    deliveries.save()
    return following


def _log(delivery: Delivery, outcome: Outcome) -> None:
    delivery.attempts += 1
    delivery.status, delivery.error = outcome.status, outcome.error
    deliveries.place(
        Attempt(
            delivery_id=delivery.id,
            number=delivery.attempts,
            status=outcome.status,
            milliseconds=round(outcome.seconds * 1000),
            error=outcome.error,
            response=outcome.response,
        )
    )


def _postpone(message: Message, wait: timedelta) -> Next | None:
    """Come back later; no attempt is spent."""
    delivery = deliveries.find(message.delivery_id)
    if delivery is None:
        return None
    delivery.next_attempt_at = clock.now() + wait
    return breaker.delivery_of(delivery)


def _join_line(message: Message) -> Next | None:
    endpoint = endpoints.locked(message.endpoint_id)
    delivery = deliveries.find(message.delivery_id)
    if endpoint is None or delivery is None:
        return None
    if endpoint.held_since is None:
        # It was let go a moment ago.
        return breaker.delivery_of(delivery)
    delivery.state = "held"
    deliveries.save()
    return breaker.next_in_line(endpoint, after=breaker.SCHEDULE[0])


def _drop(message: Message) -> None:
    delivery = deliveries.find(message.delivery_id)
    if delivery is not None:
        breaker.fail(delivery, "The endpoint was disabled", at=clock.now())
