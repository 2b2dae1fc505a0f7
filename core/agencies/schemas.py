"""Agencies and brands on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.fields import Country, Email, Instant, Language, Name, Phone, Zone
from core.http.structs import Draft, Patch, View
from core.money import Currency

Code = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,39}$", description="Stable name.", examples=["sunrise"])]
Website = Annotated[
    str,
    Meta(
        pattern="^https?://", max_length=500, description="Web address, http(s).", examples=["https://sunrise.example"]
    ),
]


class AgencyPatch(Patch):
    """Changes to the agency."""

    name: Name | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    country: Country | None | UnsetType = UNSET


class AgencyView(View):
    """The agency."""

    id: UUID
    slug: str
    name: str
    currency: str
    zone: str
    language: str
    country: str | None
    version: int
    created_at: Instant
    updated_at: Instant


class BrandDraft(Draft):
    """A new trading name."""

    code: Code
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    website: Website | None = None
    language: Language | UnsetType = UNSET


class BrandPatch(Patch):
    """Changes to a brand."""

    name: Name | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    phone: Phone | None | UnsetType = UNSET
    website: Website | None | UnsetType = UNSET
    language: Language | UnsetType = UNSET


class BrandView(View):
    """A trading name of the agency."""

    id: UUID
    code: str
    name: str
    email: str | None
    phone: str | None
    website: str | None
    language: str
    logo_id: UUID | None
    version: int
    created_at: Instant
    updated_at: Instant
