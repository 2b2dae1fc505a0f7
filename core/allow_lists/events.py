"""What happened to lists of allowed networks, and who was turned away by them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class AllowListCreated(Event):
    """The agency, or a role of it, got a list of allowed networks."""

    subject: ClassVar[str] = "allow_list_id"
    allow_list_id: UUID
    role_id: UUID | None
    networks: list[Code]


class AllowListChanged(Event):
    """A list got other networks."""

    subject: ClassVar[str] = "allow_list_id"
    allow_list_id: UUID
    role_id: UUID | None
    from_networks: list[Code]
    networks: list[Code]


class AllowListDeleted(Event):
    """A list was deleted: it restricts nobody any more."""

    subject: ClassVar[str] = "allow_list_id"
    allow_list_id: UUID
    role_id: UUID | None
    networks: list[Code]


class AllowListsCleared(Event):
    """The operator deleted all lists of the agency, because nobody could get in."""

    subject: ClassVar[str] = "agency_id"
    agency_id: UUID
    lists: int


class AddressRefused(Event):
    """Somebody with the right credentials came from a network they may not work from.

    Told once in ten minutes for the same person or key and network, and fifty times for an agency.
    """

    subject: ClassVar[str] = "user_id"
    user_id: UUID
    key_id: UUID | None
    refused_by: Code
    """`agency`, `role` or `key`: whose list it was."""
