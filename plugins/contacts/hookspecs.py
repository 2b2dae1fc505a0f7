"""What other plugins may say about contacts."""

from __future__ import annotations

from uuid import UUID

from core.sdk import hookspec


@hookspec
def contacts_in_use(contact_id: UUID) -> str | None:
    """A reason to keep a contact that is about to be deleted, or None. Any reason refuses."""
