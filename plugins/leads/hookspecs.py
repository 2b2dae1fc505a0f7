"""What other plugins may say about leads."""

from __future__ import annotations

from uuid import UUID

from core.sdk import hookspec


@hookspec
def leads_merged(lead_id: UUID, other_id: UUID) -> dict[str, list[UUID]]:  # type: ignore[empty-body] # it says
    """Another lead goes into this one: make yours of the other this one's, and say which rows, by kind.

    Whether or not the caller may see them, deleted ones included, in the running unit of work and whether or not the
    agency has you on. An error undoes the merge.
    """


@hookspec
def leads_merge_undone(lead_id: UUID, other_id: UUID, moved: dict[str, list[UUID]]) -> None:
    """The other lead is one of its own again: give it back what you moved, where it is still this one's.

    `moved` is what all plugins said. An error undoes the undoing.
    """
