"""Contacts with their e-mail addresses and phone numbers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.sdk import PERSONAL, Model, Owned, SoftDeleted, owned_key


class Contact(Owned, SoftDeleted, Model):
    """A person, a household or a company."""

    __tablename__ = "contacts_contact"

    kind: Mapped[str]
    name: Mapped[str] = mapped_column(info=PERSONAL)
    """As it is shown and printed."""
    sort_name: Mapped[str] = mapped_column(info=PERSONAL)
    """Folded, so that sorting ignores case and accents."""
    given_name: Mapped[str | None] = mapped_column(info=PERSONAL)
    family_name: Mapped[str | None] = mapped_column(info=PERSONAL)
    belongs_to: Mapped[UUID | None]
    """The household or company of a person."""
    language: Mapped[str | None]
    zone: Mapped[str | None]
    country: Mapped[str | None]
    nationality: Mapped[str | None]
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


class EmailAddress(Owned, Model):
    """One e-mail address of a contact; the first one is used unless another is chosen."""

    __tablename__ = "contacts_email"

    contact_id: Mapped[UUID]
    position: Mapped[int]
    address: Mapped[str] = mapped_column(info=PERSONAL)
    label: Mapped[str | None]

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_email_contact_id_idx", "agency_id", "contact_id", "position"),
        Index("contacts_email_address_idx", "agency_id", "address"),
    )


class PhoneNumber(Owned, Model):
    """One phone number of a contact, E.164; the first one is used unless another is chosen."""

    __tablename__ = "contacts_phone"

    contact_id: Mapped[UUID]
    position: Mapped[int]
    number: Mapped[str] = mapped_column(info=PERSONAL)
    label: Mapped[str | None]

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_phone_contact_id_idx", "agency_id", "contact_id", "position"),
        Index("contacts_phone_number_idx", "agency_id", "number"),
    )
