"""What follows from decisions about webhooks."""

from __future__ import annotations

from . import jobs
from .events import (
    DeliveriesReplayed,
    DeliveryReplayed,
    EndpointDisabled,
    EndpointEnabled,
    EndpointMoved,
    EndpointTested,
)


def send_test(event: EndpointTested) -> None:
    """Send the test now."""
    _send(event)


def send_again(event: DeliveryReplayed) -> None:
    """Send the message now, past those that wait in line: somebody waits for it."""
    _send(event)


def send_all_again(event: DeliveriesReplayed) -> None:
    """Send everything again that had failed."""
    jobs.recover.enqueue(event.endpoint_id, event.since, event.until)


def let_go(event: EndpointEnabled | EndpointMoved) -> None:
    """Whatever the endpoint was held for is over."""
    jobs.release.enqueue(event.endpoint_id)


def give_up(event: EndpointDisabled) -> None:
    """Nothing more is sent there."""
    jobs.abandon.enqueue(event.endpoint_id)


def _send(event: EndpointTested | DeliveryReplayed) -> None:
    jobs.deliver.later(unique=f"{event.delivery_id}:{event.ticket}").enqueue(
        event.delivery_id, event.ticket, by_hand=True
    )
