"""Where fares would be stored: nothing of this plugin is."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Elsewhere(DeclarativeBase):
    """Keeps the table out of the catalogue the application is checked against."""


class Fare(Elsewhere):
    """A table for filters and sorts; it is never made."""

    __tablename__ = "fares_fare"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    price_minor: Mapped[int]
    cost_minor: Mapped[int]
    margin: Mapped[int]
