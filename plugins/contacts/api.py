"""What neighbours may ask about contacts, and have done with them."""

from __future__ import annotations

from uuid import UUID

from core.sdk import current_actor, privacy

from . import permissions
from .demo.people import Known, made_up
from .events import ContactAssigned, ContactChanged, ContactCreated, ContactDeleted, ContactRestored
from .repository import contacts, email_of, name_of, phone_of, sharing
from .repository.merges import known_as
from .schemas import ContactDraft, ContactView, EmailEntry, PhoneEntry, SoughtContact
from .service import contacts as service
from .service.duplicates import Found, like_contact, like_draft

__all__ = [
    "ContactAssigned",
    "ContactChanged",
    "ContactCreated",
    "ContactDeleted",
    "ContactDraft",
    "ContactRestored",
    "ContactView",
    "EmailEntry",
    "Found",
    "Known",
    "PhoneEntry",
    "SoughtContact",
    "add",
    "email_of",
    "exists",
    "is_kept",
    "like_contact",
    "like_draft",
    "made_up",
    "name_of",
    "on_hold",
    "phone_of",
    "sharing",
    "view",
]

is_kept = contacts.is_kept
view = service.view


def add(draft: ContactDraft) -> UUID:
    """Add a contact; its id. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return service.add(draft)


def on_hold() -> list[UUID]:
    """Everybody about whom nothing may be erased now, under every id they have had."""
    return known_as(privacy.on_hold(privacy.CONTACT))


def exists(contact_id: UUID) -> bool:
    """Whether the caller can see a contact with this id, about whom something may be kept: nobody who was erased."""
    contact = contacts.find(contact_id)
    return contact is not None and not service.is_erased(contact)
