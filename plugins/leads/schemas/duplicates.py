"""Leads that may be the same, on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft
from plugins.contacts.api import SoughtContact

from . import LeadView, Words


class NewLead(LeadView):
    """A lead that was just taken in."""

    possible_duplicates: (
        Annotated[int, Meta(description="How many open leads of this client want to travel then, where there are any.")]
        | UnsetType
    ) = UNSET


class SoughtLead(Draft):
    """What is known of an enquiry that may be a lead already: who asks, when and for where."""

    either: ClassVar[tuple[str, str]] = ("contact", "contact_id")
    contact_id: UUID | UnsetType = UNSET
    contact: SoughtContact | UnsetType = UNSET
    destinations: Words = []
    start_date: date | None = None
    end_date: date | None = None


class LeadPairDraft(Draft):
    """The other one of a pair."""

    other_id: UUID
