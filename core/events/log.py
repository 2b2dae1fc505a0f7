"""Publishing: a fact becomes a row of the log in the transaction that made it true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from flask import g

from core.actor import Actor, current_actor
from core.db.base import Versioned
from core.db.session import apart
from core.events import changes
from core.events.event import Event
from core.events.models import EventEntry
from core.extensions import db


def publish(event: Event, *, of: Versioned | None = None) -> None:
    """Record a fact for the running unit of work; it exists exactly if that commits.

    `of` is the entity the fact is about: the log then also keeps its changed columns, before and after.
    """
    before, after = changes.of(of) if of is not None else (None, None)
    db.session.add(_entry(event, current_actor(), before, after))


def publish_apart(event: Event, *, actor: Actor, agency_id: UUID) -> None:
    """Record a security fact that stands even though the request it came with is refused."""
    entry = _entry(event, actor, None, None)
    entry.agency_id = agency_id
    with apart() as session:
        session.add(entry)


def _entry(event: Event, actor: Actor, before: dict[str, Any] | None, after: dict[str, Any] | None) -> EventEntry:
    return EventEntry(
        name=event.name,
        schema_version=event.schema_version,
        subject=_subject(event),
        subject_id=event.subject_id(),
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        request_id=g.get("request_id"),
        payload=msgspec.to_builtins(event),
        before=before,
        after=after,
    )


def _subject(event: Event) -> str:
    """`leads.lead_assigned` with subject `lead_id` is about a `leads.lead`."""
    return f"{event.name.split('.')[0]}.{type(event).subject.removesuffix('_id')}"
