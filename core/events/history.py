"""What the acting agency's log tells about one event or one thing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from core.db import read
from core.errors import NotFound
from core.events.follower import Recorded
from core.events.models import EventEntry

_EVENT = read.Query(
    select(*read.columns(Recorded, EventEntry)).where(EventEntry.id == bindparam("event_id", type_=Uuid())), Recorded
)
_SUBJECT = read.Query(
    select(EventEntry.subject).where(EventEntry.subject_id == bindparam("subject_id", type_=Uuid())).limit(1), str
)


def event(event_id: UUID) -> Recorded:
    """An event as the log holds it. Raises NotFound."""
    found = _EVENT.first(event_id=event_id)
    if found is None:
        raise NotFound
    return found


def subject_of(subject_id: UUID) -> str:
    """What has this id: `leads.lead`. Raises NotFound for what nothing ever happened to."""
    found = _SUBJECT.first(subject_id=subject_id)
    if found is None:
        raise NotFound
    return found
