"""Webhooks on the wire, and what an attempt reads and results in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Patch, Text, View

DeliveryState = Literal["waiting", "held", "delivered", "failed"]
Reason = Literal["gone", "failing", "by_hand"]
Address = Annotated[
    str,
    Meta(
        pattern="^https?://[\\x21-\\x7e]+$",
        max_length=2000,
        description="Where messages are sent: https, a public host, no user name.",
        examples=["https://hooks.example.com/tripfile"],
    ),
]
EventPattern = Annotated[
    str,
    Meta(
        pattern="^(\\*|[a-z][a-z0-9_]*\\.(\\*|[a-z][a-z0-9_]*))$",
        max_length=100,
        description="An event, all of a plugin's, or all.",
        examples=["leads.*"],
    ),
]
EventPatterns = Annotated[list[EventPattern], Meta(min_length=1, max_length=100, examples=[["leads.lead_won"]])]


class EndpointDraft(Draft):
    """A new endpoint."""

    url: Address
    events: EventPatterns
    description: Text = ""


class EndpointPatch(Patch):
    """Changes to an endpoint; the list of events is replaced as a whole."""

    url: Address | UnsetType = UNSET
    events: EventPatterns | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class EndpointView(View):
    """An endpoint: where events are sent."""

    id: UUID
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: Reason | None
    disabled_at: Instant | None
    failing_since: Instant | None
    held_since: Instant | None
    previous_secret_until: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class EndpointCreatedView(EndpointView):
    """A new endpoint with its secret, which is shown this once."""

    secret: str


class SecretView(View):
    """A new secret, shown this once, and until when the one before signs beside it."""

    secret: str
    previous_secret_until: Instant | None


class ReplayDraft(Draft):
    """Which failed messages to send again."""

    since: Annotated[
        Instant,
        Meta(description="Those made from this instant on.", examples=["2027-05-14T00:00:00Z"]),
    ]


class ReplayView(View):
    """How many messages are being sent again."""

    count: int


class DeliveryRow(View):
    """A message to an endpoint, in a list."""

    id: UUID
    endpoint_id: UUID
    message_id: str
    event: str
    seq: int | None
    state: DeliveryState
    attempts: int
    status: int | None
    error: str | None
    next_attempt_at: Instant | None
    finished_at: Instant | None
    version: int
    created_at: Instant


class AttemptView(View):
    """One attempt to send a message."""

    number: int
    at: Instant
    status: int | None
    milliseconds: int
    error: str | None
    response: str | None


class DeliveryView(DeliveryRow):
    """A message to an endpoint: what is sent, and the latest attempts, the last one first."""

    body: str
    log: list[AttemptView]


class EventType(View):
    """An event that can be chosen."""

    name: str
    summary: str


class EventTypes(View):
    """The events that can be chosen."""

    items: list[EventType]


class Message(msgspec.Struct, frozen=True):
    """What is to be sent, and where."""

    delivery_id: UUID
    endpoint_id: UUID
    state: str
    ticket: int
    due_at: datetime | None
    message_id: str
    body: str
    url: str
    enabled: bool
    strikes: int
    failing_since: datetime | None
    held_since: datetime | None
    secret: str
    previous_secret: str | None
    previous_secret_until: datetime | None

    @property
    def troubled(self) -> bool:
        """Whether an answer tells something new about the endpoint."""
        return bool(self.strikes or self.failing_since or self.held_since)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt."""

    seconds: float
    status: int | None = None
    error: str | None = None
    """None where the message was taken."""
    response: str | None = None
    retry_after: float | None = None
    """Seconds the endpoint asked for."""


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """The job that follows."""

    job: Literal["deliver", "probe", "release", "recover", "abandon"]
    given: dict[str, Any]
    unique: str
    at: datetime | None = None
