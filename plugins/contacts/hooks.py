"""What contacts say at points of the core."""

from __future__ import annotations

from core.sdk import HandedOver, hookimpl, privacy

from .repository import Contacts
from .service import contacts


@hookimpl
def handed_over(what: HandedOver) -> None:
    """Each contact's history tells who has it since its owner left."""
    if what.kind == Contacts.subject:
        contacts.record_hand_over(what)


@hookimpl
def personal_data(subject: privacy.Subject) -> list[privacy.Holding]:
    """A contact with its addresses and numbers."""
    return contacts.held(subject)


@hookimpl
def erase_personal_data(subject: privacy.Subject) -> list[privacy.Outcome]:
    """Leave nothing of a contact but its place."""
    return contacts.erase(subject)
