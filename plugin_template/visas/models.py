"""Notes, one row each."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from core.sdk import Code, Model, Owned


class Note(Owned, Model):
    """Something an agency wants to remember about a country."""

    __tablename__ = "visas_note"

    country: Mapped[Code]
    """ISO 3166-1."""
    body: Mapped[Code]
    """About a country, never about a person."""

    __table_args__ = (
        Index("visas_note_created_at_idx", "agency_id", "created_at", "id"),
        Index("visas_note_country_idx", "agency_id", "country", "id"),
    )
