"""What neighbours may ask about contacts, and have done with them."""

from __future__ import annotations

from uuid import UUID

from core.sdk import current_actor

from . import permissions
from .demo.people import Known, made_up
from .events import ContactAssigned, ContactChanged, ContactCreated, ContactDeleted, ContactRestored
from .repository import contacts, email_of, name_of, phone_of
from .schemas import ContactDraft, ContactView, EmailEntry, PhoneEntry
from .service import contacts as service

__all__ = [
    "ContactAssigned",
    "ContactChanged",
    "ContactCreated",
    "ContactDeleted",
    "ContactDraft",
    "ContactRestored",
    "ContactView",
    "EmailEntry",
    "Known",
    "PhoneEntry",
    "add",
    "email_of",
    "exists",
    "is_kept",
    "made_up",
    "name_of",
    "phone_of",
    "view",
]

is_kept = contacts.is_kept
view = service.view


def add(draft: ContactDraft) -> UUID:
    """Add a contact; its id. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return service.add(draft)


def exists(contact_id: UUID) -> bool:
    """Whether the caller can see a contact with this id, about whom something may be kept: nobody who was erased."""
    contact = contacts.find(contact_id)
    return contact is not None and not service.is_erased(contact)
