"""What happened to contacts."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Event


class ContactCreated(Event):
    """A person, household or company became known to the agency."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    kind: str


class ContactChanged(Event):
    """Something about a contact changed."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    fields: list[str]


class ContactHandedOver(Event):
    """A contact got another owner, because theirs left the agency."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
    from_owner_id: UUID
    owner_id: UUID


class ContactDeleted(Event):
    """A contact was put away; it can be restored."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID


class ContactRestored(Event):
    """A contact that was put away is back."""

    subject: ClassVar[str] = "contact_id"
    contact_id: UUID
