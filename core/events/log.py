"""Publishing: a fact becomes the next row of the agency's log in the transaction that made it true."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from sqlalchemy.orm import Session

from core import ids, past, streams
from core.actor import Actor, current_actor
from core.db import closing
from core.db.base import Versioned
from core.db.session import apart
from core.db.tenancy import current_agency_id
from core.events import changes, origins, subscriptions, words
from core.events.event import Event
from core.events.fields import sealed_fields
from core.events.models import EventEntry, EventOrigin
from core.extensions import db

SCOPE = "events"
"""The stream of an agency's log."""
FORM = 2
"""The form in which new events are sealed; see `core.audit.chain`."""


class Unsealable(TypeError):
    """Words about a person cannot be sealed where whoever publishes has no keys: a defect."""


def publish(event: Event, *, of: Versioned | changes.Changed | None = None, reason: str | None = None) -> None:
    """Record a fact for the running unit of work; it exists, and is numbered, exactly if that commits.

    `of` is the entity the fact is about, or what a statement changed in it: the log then also keeps its changed
    columns, before and after. `reason` is what whoever acts gave as theirs. Whoever subscribes to the event is called
    by a job of its own, written with it.
    """
    before, after = changes.of(of) if of is not None else (None, None)
    entry = _entry(event, current_actor(), current_agency_id(), before, after)
    _write(entry, _origin(entry, None, reason), db.session())


def publish_apart(
    event: Event, *, actor: Actor, agency_id: UUID, reason: str | None = None, ip: str | None = None
) -> None:
    """Record a security fact that stands even though the request it came with is refused. It has no sealed words.

    `ip` is where it came from where that is not the running request.
    """
    with apart() as session:
        publish_within(session, event, actor=actor, agency_id=agency_id, reason=reason, ip=ip)


def publish_within(
    session: Session,
    event: Event,
    *,
    actor: Actor,
    agency_id: UUID,
    reason: str | None = None,
    ip: str | None = None,
) -> None:
    """Record a security fact in the unit of work of `apart()` that makes it true: neither is ever there alone."""
    if sealed_fields(type(event)):
        raise Unsealable(f"{event.name} has words about a person: publish it in the agency's own unit of work")
    entry = _entry(event, actor, agency_id, None, None)
    _write(entry, _origin(entry, ip, reason), session)


def _write(entry: EventEntry, origin: EventOrigin | None, session: Session) -> None:
    streams.append(entry, scope=SCOPE, session=session)
    if origin is not None:
        closing.of(session).insert(origin, agency_id=entry.agency_id)
    if past.told() is not None:
        return
    for job in subscriptions.jobs(entry):
        closing.of(session).enqueue(job, agency_id=entry.agency_id)


def _entry(
    event: Event, actor: Actor, agency_id: UUID, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> EventEntry:
    event_id = ids.new()
    return EventEntry(
        id=event_id,
        agency_id=agency_id,
        name=event.name,
        schema_version=event.schema_version,
        subject=subject_of(type(event)),
        subject_id=event.subject_id(),
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        request_id=g.get("request_id"),
        payload=words.closed(event, event_id=event_id),
        before=before,
        after=after,
        form=FORM,
        impersonator_id=actor.impersonator_id,
        key_id=actor.key_id,
    )


def _origin(entry: EventEntry, ip: str | None, reason: str | None) -> EventOrigin | None:
    """Where a fact comes from; its digest is what the entry itself keeps."""
    found = origins.of(entry.id, agency_id=entry.agency_id, ip=ip, reason=reason)
    if found is not None:
        entry.origin = origins.digest(found.salt, found.ip, found.user_agent, found.reason)
    return found


def subject_of(kind: type[Event]) -> str:
    """`leads.lead_assigned` with subject `lead_id` is about a `leads.lead`."""
    return f"{kind.name.split('.')[0]}.{kind.subject.removesuffix('_id')}"
