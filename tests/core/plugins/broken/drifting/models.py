"""One table."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from core.sdk import Model, Owned


class Note(Owned, Model):
    """A note."""

    __tablename__ = "drifting_note"

    body: Mapped[str]
