"""What other plugins may say about contacts."""

from __future__ import annotations

from uuid import UUID

from core.sdk import hookspec

from .schemas.value import ContactFigures


@hookspec
def contacts_in_use(contact_id: UUID) -> str | None:
    """A reason to keep a contact that is about to be deleted, or None. Any reason refuses."""


@hookspec
def contacts_merged(contact_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:  # type: ignore[empty-body] # it says
    """Another contact goes into this one: make yours of the other this one's, and say which rows, by kind.

    Whether or not the caller may see them, deleted ones included, in the running unit of work and whether or not the
    agency has you on. An error undoes the merge.
    """


@hookspec
def contacts_merge_undone(contact_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """The other contact is one of its own again: give it back what you moved, where it is still this one's.

    `moved` is what all plugins said. An error undoes the undoing.
    """


@hookspec
def contacts_value(contact_ids: list[UUID]) -> list[ContactFigures]:  # type: ignore[empty-body] # it says
    """What came of these contacts with you, in one statement; nothing of those you know nothing about.

    Whether or not the caller may see your rows. An error is logged, and yours is left out.
    """
