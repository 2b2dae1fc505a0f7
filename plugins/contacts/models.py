"""Contacts with their e-mail addresses and phone numbers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.sdk import PERSONAL, Code, CustomFields, Model, Number, Owned, SoftDeleted, owned_key, personal


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
    belongs_to: Mapped[UUID | None]
    """The household or company of a person."""
    language: Mapped[Code | None]
    zone: Mapped[Code | None]
    country: Mapped[str | None] = mapped_column(info=personal("contact"))
    nationality: Mapped[str | None] = mapped_column(info=personal("identity"))
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    owner_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]

    emails: Mapped[list[EmailAddress]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="EmailAddress.position"
    )
    phones: Mapped[list[PhoneNumber]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="PhoneNumber.position"
    )

    __table_args__ = (
        owned_key("belongs_to", "contacts_contact", ondelete="SET NULL (belongs_to)"),
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        Index("contacts_contact_created_at_idx", "agency_id", "created_at", "id"),
        Index("contacts_contact_updated_at_idx", "agency_id", "updated_at", "id"),
        Index("contacts_contact_sort_name_idx", "agency_id", "sort_name", "id"),
        Index("contacts_contact_belongs_to_idx", "agency_id", "belongs_to"),
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
