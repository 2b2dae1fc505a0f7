"""What happened to webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class EndpointCreated(Event):
    """An address was added that events are sent to."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    host: Code
    events: list[Code]


class EndpointChanged(Event):
    """Something about an endpoint changed."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    fields: list[Code]


class EndpointMoved(Event):
    """An endpoint has another address; what waited for the old one goes there."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    from_host: Code
    host: Code


class EndpointEnabled(Event):
    """An endpoint that was disabled gets events again."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    host: Code


class EndpointDisabled(Event):
    """An endpoint gets no more events: it said it is gone, nothing got through for days, or somebody decided so."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    host: Code
    reason: Code
    """`gone`, `failing` or `by_hand`."""


class EndpointDeleted(Event):
    """An endpoint was deleted."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    host: Code


class SecretRotated(Event):
    """An endpoint got a new secret; the old one signs beside it for a day."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID


class EndpointTested(Event):
    """Somebody sent a test to an endpoint."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    delivery_id: UUID
    ticket: int


class DeliveryReplayed(Event):
    """Somebody had a message sent again."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    delivery_id: UUID
    ticket: int
    """What the job that sends it must show."""


class DeliveriesReplayed(Event):
    """Somebody had everything sent again that had failed."""

    subject: ClassVar[str] = "endpoint_id"
    endpoint_id: UUID
    since: datetime
    until: datetime
    count: int
