"""Who was erased."""

from __future__ import annotations

from core.sdk import privacy

from ..models import Contact


def is_erased(contact: Contact) -> bool:
    """Whether the person was erased, so that nothing more is to be kept about them."""
    # Only who has no name any more can have been: the others cost no statement.
    return contact.name == privacy.NAMELESS and privacy.is_erased(privacy.CONTACT, contact.id)
