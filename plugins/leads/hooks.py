"""What leads say where other plugins ask."""

from __future__ import annotations

from uuid import UUID

from core.sdk import hookimpl

from .repository import leads


@hookimpl
def contacts_in_use(contact_id: UUID) -> str | None:
    """A contact stays as long as there are leads of theirs, whether or not the caller may see them."""
    return "There are leads of this contact" if leads.are_of(contact_id) else None
