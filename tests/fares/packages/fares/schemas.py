"""Fares on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from core.sdk import UNSET, Draft, Money, Patch, UnsetType, View, visible_to, writable_by

from . import permissions

Cost = Annotated[Money | None | UnsetType, visible_to(permissions.SEE_COST)]
SetCost = Annotated[Money | None | UnsetType, writable_by(permissions.SET_COST)]


class Supplement(View):
    """Something that is added to a fare."""

    name: str
    cost: Cost = UNSET


class FareRow(View):
    """A fare in a list."""

    id: UUID
    price: Money
    cost: Cost = UNSET


class FareView(View):
    """A fare."""

    id: UUID
    version: int
    price: Money
    supplements: list[Supplement]
    cheapest: Supplement | None
    by_season: dict[str, Supplement]
    cost: Cost = UNSET


class FareDraft(Draft):
    """A new fare."""

    price: Money
    cost: SetCost = UNSET


class SupplementDraft(Draft):
    """A supplement to write."""

    name: str
    cost: SetCost = UNSET


class FarePatch(Patch):
    """Changes to a fare."""

    price: Money | UnsetType = UNSET
    cost: SetCost = UNSET
    supplements: list[SupplementDraft] | UnsetType = UNSET


class FareChange(View):
    """A fare has changed."""

    id: UUID
    cost: Cost = UNSET


class Quotation(Draft):
    """Asks for a fare."""

    cost: SetCost = UNSET
