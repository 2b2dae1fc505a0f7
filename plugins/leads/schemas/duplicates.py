"""Leads that may be the same, on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft

from . import LeadView


class NewLead(LeadView):
    """A lead that was just taken in."""

    possible_duplicates: (
        Annotated[int, Meta(description="How many open leads of this client want to travel then, where there are any.")]
        | UnsetType
    ) = UNSET


class LeadPairDraft(Draft):
    """The other one of a pair."""

    other_id: UUID
