"""One table."""

from __future__ import annotations

from core.sdk import CustomFields, Model, Owned


class Note(Owned, Model):
    """Something written down."""

    __tablename__ = "half_open_note"


FIELDS = CustomFields("half_open.note", Note)
