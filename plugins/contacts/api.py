"""What neighbours may ask about contacts, and have done with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, select

from . import service
from .events import ContactChanged, ContactCreated, ContactDeleted, ContactRestored
from .models import Contact, EmailAddress, PhoneNumber
from .repository import contacts, preferred
from .schemas import ContactDraft, ContactView, EmailEntry, PhoneEntry

__all__ = [
    "ContactChanged",
    "ContactCreated",
    "ContactDeleted",
    "ContactDraft",
    "ContactRestored",
    "ContactView",
    "EmailEntry",
    "PhoneEntry",
    "create",
    "email_of",
    "exists",
    "name_of",
    "phone_of",
    "view",
]

create = service.create
view = service.view


def exists(contact_id: UUID) -> bool:
    """Whether the caller can see a contact with this id."""
    return contacts.find(contact_id) is not None


def name_of(contact_id: Any) -> ScalarSelect[str | None]:
    """A column with the name of the contact another column points at, for use in a SELECT."""
    named = select(Contact.name).where(Contact.id == contact_id)
    return named.correlate_except(Contact).scalar_subquery()


def email_of(contact_id: Any) -> ScalarSelect[str]:
    """A column with the preferred e-mail address of the contact another column points at."""
    return preferred(EmailAddress.address, contact_id)


def phone_of(contact_id: Any) -> ScalarSelect[str]:
    """A column with the preferred phone number, E.164, of the contact another column points at."""
    return preferred(PhoneNumber.number, contact_id)
