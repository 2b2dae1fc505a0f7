"""The log of messages: what became of each, and sending them again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.sdk import ListQuery, Page, clock, publish

from ..errors import EndpointIsDisabled, StillOnItsWay
from ..events import DeliveriesReplayed, DeliveryReplayed
from ..models import Delivery
from ..repository import LOST, deliveries, endpoints
from ..schemas import DeliveryRow, DeliveryView, Next, ReplayView
from . import breaker

CHUNK = 500
"""Messages that one job moves: enough for a few seconds, few enough for one statement."""


def rows(endpoint_id: UUID, query: ListQuery) -> Page[DeliveryRow]:
    """A page of the messages to an endpoint. Raises NotFound."""
    endpoints.require(endpoint_id)
    return deliveries.rows(endpoint_id, query)


def view(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """A message with its attempts. Raises NotFound."""
    endpoints.require(endpoint_id)
    return deliveries.shown(delivery_id, endpoint_id=endpoint_id)


def replay(endpoint_id: UUID, delivery_id: UUID) -> DeliveryView:
    """Send a message again, under the same id. Raises EndpointIsDisabled, NotFound, StillOnItsWay."""
    _require_enabled(endpoint_id)
    delivery = deliveries.of_endpoint(delivery_id, endpoint_id=endpoint_id)
    if not (delivery.state in {"delivered", "failed"} or _is_forgotten(delivery)):
        raise StillOnItsWay
    _begin_anew(delivery)
    delivery.ticket += 1
    deliveries.save()
    publish(DeliveryReplayed(endpoint_id=endpoint_id, delivery_id=delivery.id, ticket=delivery.ticket))
    return deliveries.shown(delivery.id, endpoint_id=endpoint_id)


def replay_failed(endpoint_id: UUID, *, since: datetime) -> ReplayView:
    """Send everything again that was made since then and has failed. Raises EndpointIsDisabled, NotFound."""
    _require_enabled(endpoint_id)
    until = clock.now()
    count = deliveries.count_failed(endpoint_id, since=since, until=until)
    publish(DeliveriesReplayed(endpoint_id=endpoint_id, since=since, until=until, count=count))
    return ReplayView(count)


def recover(endpoint_id: UUID, *, since: datetime, until: datetime) -> list[Next]:
    """Begin the first of those anew; the jobs that follow."""
    found = deliveries.failed(endpoint_id, since=since, until=until, most=CHUNK)
    following = []
    for delivery in found:
        _begin_anew(delivery)
        following.append(breaker.delivery_of(delivery))
    deliveries.save()
    if len(found) == CHUNK:
        given = {"endpoint_id": endpoint_id, "since": since, "until": until}
        following.append(Next(job="recover", given=given, unique=f"{endpoint_id}:{since}:{until}"))
    return following


def release(endpoint_id: UUID) -> list[Next]:
    """Let the first messages of an endpoint's line go; the jobs that follow."""
    endpoint = endpoints.locked(endpoint_id)
    if endpoint is None or not endpoint.enabled or endpoint.held_since is not None:
        return []
    found = deliveries.in_line(endpoint_id, most=CHUNK)
    following = []
    for delivery in found:
        delivery.state, delivery.next_attempt_at = "waiting", clock.now()
        following.append(breaker.delivery_of(delivery))
    deliveries.save()
    return [*following, breaker.release_of(endpoint)] if len(found) == CHUNK else following


def abandon(endpoint_id: UUID) -> list[Next]:
    """Give up the first messages of a disabled endpoint; the jobs that follow."""
    endpoint = endpoints.locked(endpoint_id)
    if endpoint is None or endpoint.enabled:
        return []
    found = deliveries.unfinished(endpoint_id, most=CHUNK)
    for delivery in found:
        breaker.fail(delivery, "The endpoint was disabled", at=clock.now())
    deliveries.save()
    again = Next(job="abandon", given={"endpoint_id": endpoint_id}, unique=str(endpoint_id))
    return [again] if len(found) == CHUNK else []


def _require_enabled(endpoint_id: UUID) -> None:
    if not endpoints.get(endpoint_id).enabled:
        raise EndpointIsDisabled


def _begin_anew(delivery: Delivery) -> None:
    delivery.state, delivery.step, delivery.finished_at = "waiting", 0, None
    delivery.next_attempt_at = clock.now()


def _is_forgotten(delivery: Delivery) -> bool:
    """Whether its time is long over: the job that was to send it was discarded, say."""
    due = delivery.next_attempt_at
    return delivery.state == "waiting" and due is not None and due < clock.now() - LOST
