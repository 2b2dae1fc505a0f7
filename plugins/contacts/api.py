"""What neighbours may ask about contacts, and have done with them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.sdk import current_actor, privacy, settings_of

from . import permissions
from .demo.people import Known, made_up
from .events import (
    ConsentAsked,
    ConsentGiven,
    ConsentWithdrawn,
    ContactAssigned,
    ContactChanged,
    ContactCreated,
    ContactDeleted,
    ContactRestored,
)
from .repository import contacts, email_of, name_of, phone_of, reached_by, sharing
from .repository.merges import known_as
from .schemas import ContactDraft, ContactView, EmailEntry, PhoneEntry, SoughtContact
from .schemas.consents import ConsentDraft, ConsentView, MayContact
from .schemas.value import ContactFigures
from .service import consents
from .service import contacts as service
from .service.duplicates import Found, Sought, like, like_contact, like_draft, sought_of
from .service.erased import was_erased
from .service.headings import HEADINGS
from .service.imports import keys, unmake, weigh
from .settings import ContactSettings

__all__ = [
    "HEADINGS",
    "ConsentAsked",
    "ConsentDraft",
    "ConsentGiven",
    "ConsentView",
    "ConsentWithdrawn",
    "ContactAssigned",
    "ContactChanged",
    "ContactCreated",
    "ContactDeleted",
    "ContactDraft",
    "ContactFigures",
    "ContactRestored",
    "ContactView",
    "EmailEntry",
    "Found",
    "Known",
    "MayContact",
    "PhoneEntry",
    "Sought",
    "SoughtContact",
    "add",
    "check",
    "consents_there_are",
    "email_of",
    "exists",
    "is_kept",
    "keys",
    "like",
    "like_contact",
    "like_draft",
    "made_up",
    "may_contact",
    "name_of",
    "on_hold",
    "phone_of",
    "reached_by",
    "record_consents",
    "sharing",
    "sought_of",
    "unmake",
    "view",
    "weigh",
]

check = service.check
is_kept = contacts.is_kept
view = service.view
may_contact = consents.may_contact


def add(draft: ContactDraft) -> UUID:
    """Add a contact; its id. Raises Forbidden for callers who could not do so themselves, Invalid."""
    current_actor().require(permissions.WRITE.name)
    return service.add(draft)


def record_consents(contact_id: UUID, said: Sequence[ConsentDraft]) -> ContactView:
    """Write down what a contact said about being contacted; how things stand then.

    Raises Forbidden for callers who could not do so themselves, NotFound, MergedAway, SubjectErased, and Invalid with
    faults at `/consents/<number>/...`.
    """
    current_actor().require(permissions.WRITE.name)
    return consents.record(contact_id, said)


def consents_there_are() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What strangers can be asked for, and how they are reached: no purpose of the contract, which needs no yes."""
    settings = settings_of(ContactSettings)
    asked = tuple(each for each in settings.consent_purposes if each not in settings.contract_purposes)
    return asked, settings.consent_channels


def on_hold() -> list[UUID]:
    """Everybody about whom nothing may be erased now, under every id they have had."""
    return known_as(privacy.on_hold(privacy.CONTACT))


def exists(contact_id: UUID) -> bool:
    """Whether the caller can see a contact with this id, about whom something may be kept: nobody who was erased."""
    name = contacts.name_within(contact_id)
    return name is not None and not was_erased(contact_id, name)
