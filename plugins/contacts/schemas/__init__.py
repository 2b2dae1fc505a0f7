"""Contacts on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from core.sdk import (
    Country,
    CustomChanges,
    CustomValues,
    Draft,
    Email,
    Instant,
    Language,
    Name,
    Patch,
    Phone,
    Text,
    View,
    Zone,
)

from .addresses import AddressEntry, Addresses, RegistrationNumber, VatNumber, Website
from .consents import ConsentView
from .members import MembershipView

Kind = Annotated[
    Literal["person", "household", "company"], Meta(description="What kind of contact it is.", examples=["person"])
]
Label = Annotated[str, Meta(min_length=1, max_length=40, description="Which of several it is.", examples=["work"])]


class EmailEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """An e-mail address of a contact."""

    address: Email
    label: Label | None = None


class PhoneEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone number of a contact; answers show it as E.164."""

    number: Phone
    label: Label | None = None


MOST_ADDRESSES = 20
Emails = Annotated[
    list[EmailEntry], Meta(max_length=MOST_ADDRESSES, description="E-mail addresses, the preferred one first.")
]
Phones = Annotated[
    list[PhoneEntry], Meta(max_length=MOST_ADDRESSES, description="Phone numbers, the preferred one first.")
]


class ContactDraft(Draft):
    """A new contact. A person needs a name, a given name or a family name; others need a name."""

    kind: Kind = "person"
    name: Name | UnsetType = UNSET
    given_name: Name | None = None
    family_name: Name | None = None
    belongs_to: Annotated[UUID, Meta(description="Household or company that a person becomes a member of.")] | None = (
        None
    )
    emails: Emails = []
    phones: Phones = []
    addresses: Addresses = []
    language: Language | None = None
    zone: Zone | None = None
    country: Country | None = None
    nationality: Country | None = None
    note: Text | None = None
    vat_number: VatNumber | None = None
    registration_number: RegistrationNumber | None = None
    website: Website | None = None
    custom_fields: CustomChanges | UnsetType = UNSET
    owner_id: UUID | None | UnsetType = UNSET
    team_id: UUID | None | UnsetType = UNSET


class ContactPatch(Patch):
    """Changes to a contact; lists are replaced as a whole."""

    name: Name | UnsetType = UNSET
    given_name: Name | None | UnsetType = UNSET
    family_name: Name | None | UnsetType = UNSET
    emails: Emails | UnsetType = UNSET
    phones: Phones | UnsetType = UNSET
    addresses: Addresses | UnsetType = UNSET
    language: Language | None | UnsetType = UNSET
    zone: Zone | None | UnsetType = UNSET
    country: Country | None | UnsetType = UNSET
    nationality: Country | None | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
    vat_number: VatNumber | None | UnsetType = UNSET
    registration_number: RegistrationNumber | None | UnsetType = UNSET
    website: Website | None | UnsetType = UNSET
    custom_fields: CustomChanges | UnsetType = UNSET


class ContactRow(View):
    """A contact in a list, with the preferred e-mail address and phone number."""

    id: UUID
    kind: Kind
    name: str
    email: str | None
    phone: str | None
    language: str | None
    country: str | None
    consents: Annotated[
        list[str], Meta(description="What they may be contacted for, and how.", examples=[["newsletter:email"]])
    ]
    custom_fields: CustomValues
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: Instant
    updated_at: Instant


class ContactView(View):
    """A contact."""

    id: UUID
    kind: Kind
    name: str
    given_name: str | None
    family_name: str | None
    memberships: list[MembershipView]
    emails: list[EmailEntry]
    phones: list[PhoneEntry]
    addresses: list[AddressEntry]
    postal_address: Annotated[
        AddressEntry | None, Meta(description="Where letters go: their first address, or that of their household.")
    ]
    language: str | None
    zone: str | None
    country: str | None
    nationality: str | None
    note: str | None
    vat_number: str | None
    registration_number: str | None
    website: str | None
    consents: list[ConsentView]
    custom_fields: CustomValues
    owner_id: UUID | None
    team_id: UUID | None
    version: int
    created_at: Instant
    updated_at: Instant


class NewContact(ContactView):
    """A contact that was just added."""

    possible_duplicates: (
        Annotated[int, Meta(description="How many others have an address or a number of theirs, where there are any.")]
        | UnsetType
    ) = UNSET


class SoughtContact(Draft):
    """What is known of somebody who may be a contact already."""

    kind: Kind = "person"
    name: Name | UnsetType = UNSET
    given_name: Name | None = None
    family_name: Name | None = None
    emails: Emails = []
    phones: Phones = []
    country: Country | None = None


class PairDraft(Draft):
    """The other one of a pair."""

    other_id: UUID
