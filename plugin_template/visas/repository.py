"""Queries for notes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from core.sdk import RANGE, Filter, Instant, Listing, ListQuery, Page, Repository, db, read

from .models import Note
from .schemas import NoteView

WHOLE = select(*read.columns(NoteView, Note))


class Notes(Repository[Note]):
    """An agency's notes."""

    model = Note
    permission = "visas.read"
    listing = Listing(
        filters={
            "country": Filter(Note.country, str, "Country, ISO 3166-1."),
            "created_at": Filter(Note.created_at, Instant, "When it was written.", RANGE),
        },
        sorts={"created_at": Note.created_at, "country": Note.country},
    )

    def rows(self, query: ListQuery) -> Page[NoteView]:
        """A page of notes."""
        return self.page(query, WHOLE, NoteView)

    def shown(self, note_id: UUID) -> NoteView:
        """A note. Raises NotFound."""
        return self.view(note_id, WHOLE, NoteView)

    def written(self, note_id: UUID) -> NoteView:
        """A note the caller has just written, even where that took it out of their scope."""
        return self.view_after_change(note_id, WHOLE, NoteView)

    def count(self, country: str) -> int:
        """How many notes a country has."""
        return db.session.scalar(select(func.count()).select_from(Note).where(Note.country == country)) or 0


notes = Notes()
