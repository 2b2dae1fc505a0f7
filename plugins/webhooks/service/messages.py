"""What is sent: one message for each event and each endpoint that listens to it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from core.sdk import Event, Fault, Recorded, UnknownEvent, clock, concealed, current_agency_id, declared_events, ids

from ..models import Delivery, Endpoint
from ..repository import deliveries, endpoints
from ..schemas import EventType, EventTypes, Next
from . import breaker

TEST = "webhooks.test"


def spread(events: Sequence[Recorded]) -> list[Next]:
    """Make the messages about events of the log; the jobs that send them."""
    listening = endpoints.listening()
    following: list[Next] = []
    for event in events if listening else ():
        body = None
        for endpoint in listening:
            if not wants(endpoint, event):
                continue
            body = body or body_of(event)
            following.append(_make(endpoint, event, body))
    # One by one they would ask the same endpoint's line many times; the job's key makes them one.
    return list({(each.job, each.unique): each for each in following}.values())


def wants(endpoint: Endpoint, event: Recorded) -> bool:
    """Whether an endpoint is to hear of an event: one it listens to, since it exists."""
    if event.occurred_at < endpoint.created_at:
        return False
    return any(_matches(pattern, event.name) for pattern in endpoint.events)


def body_of(event: Recorded) -> str:
    """The message about an event, in JSON; it stays the same at every attempt."""
    data = {
        "agency_id": current_agency_id(),
        "seq": event.seq,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "version": _version(event),
        "payload": _payload(event),
    }
    return _json(event.name, event.occurred_at, data)


def test_of(endpoint: Endpoint) -> Delivery:
    """A message that only shows that messages arrive."""
    delivery_id = ids.new()
    data = {"agency_id": current_agency_id(), "endpoint_id": endpoint.id, "payload": {}}
    return Delivery(
        id=delivery_id,
        endpoint_id=endpoint.id,
        message_id=f"msg_{delivery_id.hex}",
        event=TEST,
        seq=None,
        body=_json(TEST, clock.now(), data),
        state="waiting",
        attempts=0,
        step=0,
        ticket=1,
        next_attempt_at=clock.now(),
    )


def catalogue() -> EventTypes:
    """The events that can be chosen, by name."""
    return EventTypes([EventType(name, _summary(kind)) for name, kind in declared_events().items()])


def unknown(patterns: Sequence[str]) -> list[Fault]:
    """A fault for each pattern that no event matches."""
    known = declared_events()
    faults = []
    for place, pattern in enumerate(patterns):
        if not any(_matches(pattern, name) for name in known):
            message = f"No plugin has events like {pattern}; GET /webhooks/events lists those there are"
            faults.append(Fault(f"/events/{place}", "unknown_event", message))
    return faults


def _make(endpoint: Endpoint, event: Recorded, body: str) -> Next:
    held = endpoint.held_since is not None
    delivery = Delivery(
        id=ids.new(),
        endpoint_id=endpoint.id,
        message_id=f"msg_{event.id.hex}",
        event=event.name,
        seq=event.seq,
        body=body,
        state="held" if held else "waiting",
        attempts=0,
        step=0,
        ticket=1,
        next_attempt_at=clock.now(),
    )
    deliveries.place(delivery)
    if held:
        return breaker.probe_of(endpoint, at=clock.now())
    return breaker.job_of(delivery.id, delivery.ticket)


def _matches(pattern: str, name: str) -> bool:
    return pattern in {"*", name} or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


def _version(event: Recorded) -> int:
    kind = declared_events().get(event.name)
    return kind.schema_version if kind else event.schema_version


def _payload(event: Recorded) -> dict[str, Any]:
    try:
        # Nobody in particular receives it, and whoever may read the log of messages sees it, too.
        payload: dict[str, Any] = msgspec.to_builtins(concealed(event.event()))
    except UnknownEvent:
        # Its plugin is gone, and with it the word on what only some may see.
        return {}
    return payload


def _json(kind: str, at: datetime, data: dict[str, Any]) -> str:
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data}).decode()


def _summary(kind: type[Event]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
