"""Notes, one row each."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from core.sdk import Model, Owned


class Note(Owned, Model):
    """Something an agency wants to remember about a country."""

    __tablename__ = "visas_note"

    country: Mapped[str]
    """ISO 3166-1."""
    body: Mapped[str]

    __table_args__ = (
        Index("visas_note_created_at_idx", "agency_id", "created_at", "id"),
        Index("visas_note_country_idx", "agency_id", "country", "id"),
    )
