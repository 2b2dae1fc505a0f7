"""What happened to notes."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.sdk import Code, Event


class NoteWritten(Event):
    """Somebody wrote a note."""

    subject: ClassVar[str] = "note_id"
    note_id: UUID
    country: Code


class NoteChanged(Event):
    """A note says something else now."""

    subject: ClassVar[str] = "note_id"
    note_id: UUID
    fields: list[Code]


class NoteRemoved(Event):
    """A note is gone."""

    subject: ClassVar[str] = "note_id"
    note_id: UUID
