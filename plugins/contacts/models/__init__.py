"""Contacts with their e-mail addresses, phone numbers and consents."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.sdk import (
    PERSONAL,
    Code,
    Codes,
    CustomFields,
    Facts,
    Model,
    Number,
    Owned,
    SoftDeleted,
    owned_key,
    personal,
    privacy,
    vault,
)

from .addresses import PostalAddress as PostalAddress
from .consents import Consent as Consent
from .consents import ConsentStatement as ConsentStatement
from .members import Member as Member


class Contact(Owned, SoftDeleted, Model):
    """A person, a household or a company."""

    __tablename__ = "contacts_contact"

    kind: Mapped[Code]
    name: Mapped[str] = mapped_column(info=personal("name"))
    """As it is shown and printed."""
    sort_name: Mapped[str] = mapped_column(info=personal("copy"))
    """Folded, so that sorting ignores case and accents."""
    given_name: Mapped[str | None] = mapped_column(info=personal("name"))
    family_name: Mapped[str | None] = mapped_column(info=personal("name"))
    language: Mapped[Code | None]
    zone: Mapped[Code | None]
    country: Mapped[str | None] = mapped_column(info=personal("contact"))
    nationality: Mapped[str | None] = mapped_column(info=personal("identity"))
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    vat_number: Mapped[str | None] = mapped_column(info=personal("identity"))
    registration_number: Mapped[str | None] = mapped_column(info=personal("identity"))
    website: Mapped[str | None] = mapped_column(info=personal("contact"))
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    merged_into: Mapped[UUID | None]
    """The contact that stays of those this one was merged with; it is deleted then."""

    emails: Mapped[list[EmailAddress]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="EmailAddress.position"
    )
    phones: Mapped[list[PhoneNumber]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="PhoneNumber.position"
    )
    addresses: Mapped[list[PostalAddress]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="PostalAddress.position"
    )

    __table_args__ = (
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        owned_key("merged_into", "contacts_contact", ondelete="SET NULL (merged_into)"),
        Index("contacts_contact_merged_into_idx", "agency_id", "merged_into"),
        Index("contacts_contact_created_at_idx", "agency_id", "created_at", "id"),
        Index("contacts_contact_updated_at_idx", "agency_id", "updated_at", "id"),
        Index("contacts_contact_sort_name_idx", "agency_id", "sort_name", "id"),
        Index("contacts_contact_country_idx", "agency_id", "country", "created_at", "id"),
        Index("contacts_contact_owner_id_idx", "agency_id", "owner_id", "created_at", "id"),
        Index("contacts_contact_team_id_idx", "agency_id", "team_id", "created_at", "id"),
    )


FIELDS = CustomFields("contacts.contact", Contact)


class EmailAddress(Owned, Model):
    """One e-mail address of a contact; the first one is used unless another is chosen."""

    __tablename__ = "contacts_email"

    contact_id: Mapped[UUID]
    position: Mapped[Number]
    address: Mapped[str] = mapped_column(info=personal("contact"))
    label: Mapped[str | None] = mapped_column(info=PERSONAL)

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_email_contact_id_idx", "agency_id", "contact_id", "position"),
        Index("contacts_email_address_idx", "agency_id", "address"),
    )


class PhoneNumber(Owned, Model):
    """One phone number of a contact, E.164; the first one is used unless another is chosen."""

    __tablename__ = "contacts_phone"

    contact_id: Mapped[UUID]
    position: Mapped[Number]
    number: Mapped[str] = mapped_column(info=personal("contact"))
    label: Mapped[str | None] = mapped_column(info=PERSONAL)

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_phone_contact_id_idx", "agency_id", "contact_id", "position"),
        Index("contacts_phone_number_idx", "agency_id", "number"),
    )


class Merge(Owned, Model):
    """A contact that went into another one, with what it takes to get it out again."""

    __tablename__ = "contacts_merge"

    contact_id: Mapped[UUID]
    """The one that stays."""
    other_id: Mapped[UUID]
    merged_by: Mapped[UUID | None]
    fields: Mapped[Codes]
    """What it changed in the one that stays."""
    moved: Mapped[Facts]
    """The ids of what was the other's, by kind."""
    image: Mapped[vault.Secret | None] = vault.encrypted("contact_id", subject=privacy.CONTACT, category="free_text")
    """What it changed, before and after, as JSON."""

    __table_args__ = (
        UniqueConstraint("agency_id", "other_id"),
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        owned_key("other_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_merge_contact_id_idx", "agency_id", "contact_id", "created_at", "id"),
        Index("contacts_merge_created_at_idx", "agency_id", "created_at", "id"),
    )


class Distinct(Owned, Model):
    """Two contacts that look like one and are two; the smaller id comes first."""

    __tablename__ = "contacts_distinct"

    one_id: Mapped[UUID]
    other_id: Mapped[UUID]
    told_by: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("agency_id", "one_id", "other_id"),
        owned_key("one_id", "contacts_contact", ondelete="CASCADE"),
        owned_key("other_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_distinct_other_id_idx", "agency_id", "other_id"),
    )
