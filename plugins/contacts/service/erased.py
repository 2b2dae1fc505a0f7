"""Who was erased."""

from __future__ import annotations

from uuid import UUID

from core.sdk import privacy

from ..models import Contact


def is_erased(contact: Contact) -> bool:
    """Whether the person was erased, so that nothing more is to be kept about them."""
    return was_erased(contact.id, contact.name)


def was_erased(contact_id: UUID, name: str) -> bool:
    """The same of who is called so."""
    # Only who has no name any more can have been: the others cost no statement.
    return name == privacy.NAMELESS and privacy.is_erased(privacy.CONTACT, contact_id)
