"""Notes on leads."""

from __future__ import annotations

from uuid import UUID

from core.sdk import UNSET, ListQuery, Page, acting_user_id, publish

from ..events import NoteChanged, NoteWritten
from ..models import Note
from ..repository import leads, notes
from ..schemas import NoteDraft, NotePatch, NoteView


def rows(lead_id: UUID, query: ListQuery) -> Page[NoteView]:
    """A page of a lead's notes. Raises NotFound."""
    leads.require(lead_id)
    return notes.rows(lead_id, query)


def write(lead_id: UUID, draft: NoteDraft) -> NoteView:
    """Write a note on a lead, as oneself. Raises NotFound."""
    leads.require(lead_id)
    return notes.shown(add(lead_id, text=draft.text, pinned=draft.pinned))


def change(lead_id: UUID, note_id: UUID, patch: NotePatch, *, version: int | None) -> NoteView:
    """Correct or pin a note. Raises NotFound, PreconditionFailed."""
    leads.require(lead_id)
    note = notes.of_lead(note_id, lead_id=lead_id, version=version)
    note.text = note.text if patch.text is UNSET else patch.text
    note.pinned = note.pinned if patch.pinned is UNSET else patch.pinned
    publish(NoteChanged(lead_id=lead_id, note_id=note.id), of=note)
    notes.save()
    return notes.shown(note.id)


def add(lead_id: UUID, *, text: str, pinned: bool = False) -> UUID:
    """Put a note on a lead that is known to exist."""
    note = notes.add(Note(lead_id=lead_id, author_id=acting_user_id(), text=text, pinned=pinned))
    publish(NoteWritten(lead_id=lead_id, note_id=note.id))
    return note.id
