"""Where contacts live, and where letters and invoices go."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Code, Model, Number, Owned, owned_key, personal


class PostalAddress(Owned, Model):
    """One postal address of a contact; the first one is used unless another is chosen."""

    __tablename__ = "contacts_address"

    contact_id: Mapped[UUID]
    position: Mapped[Number]
    kind: Mapped[Code]
    lines: Mapped[str] = mapped_column(info=personal("contact"))
    """Street, house, floor: as they are written on an envelope, a line each."""
    postal_code: Mapped[str | None] = mapped_column(info=personal("contact"))
    city: Mapped[str | None] = mapped_column(info=personal("contact"))
    region: Mapped[str | None] = mapped_column(info=personal("contact"))
    country: Mapped[str | None] = mapped_column(info=personal("contact"))

    __table_args__ = (
        owned_key("contact_id", "contacts_contact", ondelete="CASCADE"),
        Index("contacts_address_contact_id_idx", "agency_id", "contact_id", "position"),
    )
