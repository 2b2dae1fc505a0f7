"""What clients are worth, on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Instant, Money, View, visible_to

from .. import permissions


class ContactFigures(NamedTuple):
    """What a plugin says of one contact."""

    contact_id: UUID
    enquiries: int
    open: int
    won: int
    lost: int
    first_at: datetime | None
    last_at: datetime | None
    value: Mapping[str, int]
    """What was won, in minor units by currency."""


class Figures(View):
    """How often somebody asked, and what came of it."""

    enquiries: int
    open: int
    won: int
    lost: int
    conversion: Annotated[int, Meta(description="Percent of those decided that were won.")] | None
    first_at: Instant | None
    last_at: Instant | None
    repeat: Annotated[bool, Meta(description="Whether they bought more than once.")]
    value: Annotated[
        list[Money] | UnsetType,
        Meta(description="What was won, in each currency: amounts of two currencies are never added."),
        visible_to(permissions.VALUE),
    ] = UNSET


class ContactValue(View):
    """What a contact is worth, alone and together with who is of their household or company."""

    contact_id: UUID
    own: Figures
    group_id: Annotated[
        UUID | None, Meta(description="The household or company itself, or the household that a person is of.")
    ]
    together: Annotated[Figures | None, Meta(description="The group and all of its members.")]
