"""What happened to contacts."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class ContactCreated(Event):
    """A person, household or company became known to the agency."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    kind: Code


class ContactChanged(Event):
    """Something about a contact changed, other than its owner."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    fields: list[Code]


class ContactAssigned(Event):
    """A contact got another owner or team."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    from_owner_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    owner_left: bool = False
    """Because its owner left the agency, together with everything else they owned."""


class ContactDeleted(Event):
    """A contact was put away; it can be restored."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID


class ContactRestored(Event):
    """A contact that was put away is back."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
