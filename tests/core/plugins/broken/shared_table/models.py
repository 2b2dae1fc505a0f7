"""A table that every agency would share."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import Model


class Note(Model):
    """A note of nobody in particular."""

    __tablename__ = "shared_table_note"

    id: Mapped[UUID] = mapped_column(primary_key=True)
