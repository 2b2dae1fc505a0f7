"""What happened to people's data."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class ExportRequested(Event):
    """Somebody asked for everything about a person."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID
    person: Code
    person_id: UUID


class ExportMade(Event):
    """Everything about a person was put together."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID
    rows: int


class ExportHandedOut(Event):
    """Somebody who may export took what was put together."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID


class ErasureRequested(Event):
    """Somebody asked that nothing be kept about a person."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID
    person: Code
    person_id: UUID
    why: Code


class PersonErased(Event):
    """What was known about a person was erased; what had to be kept stands in the request."""

    subject: ClassVar[str] = "person_id"
    person: Code
    person_id: UUID
    request_id: UUID | None
    rows: int
    kept: int


class ErasureRefused(Event):
    """A person's data was put on hold before it was erased, or they became a member again."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID


class RequestFailed(Event):
    """An export or erasure was tried for the last time and not carried out; what was left stands in the request."""

    subject: ClassVar[str] = "request_id"
    request_id: UUID
    kind: Code
    cause: Code


class HoldPlaced(Event):
    """Nothing about a person may be erased until this is released or over."""

    subject: ClassVar[str] = "hold_id"
    hold_id: UUID
    person: Code
    person_id: UUID


class HoldReleased(Event):
    """A person's data may be erased again, as far as this hold goes."""

    subject: ClassVar[str] = "hold_id"
    hold_id: UUID


class RetentionChanged(Event):
    """The agency keeps something for another number of days, from an instant on."""

    subject: ClassVar[str] = "choice_id"
    choice_id: UUID
    rule: Code
    days: int | None
    since: datetime
