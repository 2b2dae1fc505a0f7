"""What can be done with notes."""

from __future__ import annotations

from uuid import UUID

from core.sdk import ListQuery, Page, fields, publish, settings_of

from .errors import TooManyNotes
from .events import NoteChanged, NoteRemoved, NoteWritten
from .models import Note
from .repository import notes
from .schemas import NoteDraft, NotePatch, NoteView
from .settings import NoteSettings


def rows(query: ListQuery) -> Page[NoteView]:
    """A page of notes."""
    return notes.rows(query)


def view(note_id: UUID) -> NoteView:
    """A note. Raises NotFound."""
    return notes.shown(note_id)


def write(draft: NoteDraft) -> NoteView:
    """Write a note. Raises Invalid, TooManyNotes."""
    fields.check_country(draft.country)
    _leave_room(draft.country)
    note = notes.add(Note(country=draft.country, body=draft.body))
    publish(NoteWritten(note_id=note.id, country=note.country), of=note)
    return notes.written(note.id)


def change(note_id: UUID, patch: NotePatch, *, version: int | None) -> NoteView:
    """Change a note. Raises NotFound, PreconditionFailed, Invalid, TooManyNotes."""
    note = notes.get(note_id, version=version)
    changes = patch.changes()
    if not changes:
        return notes.shown(note.id)
    if "country" in changes and changes["country"] != note.country:
        fields.check_country(changes["country"])
        _leave_room(changes["country"])
    for name, value in changes.items():
        setattr(note, name, value)
    notes.save()
    publish(NoteChanged(note_id=note.id, fields=sorted(changes)), of=note)
    return notes.written(note.id)


def remove(note_id: UUID, *, version: int | None) -> None:
    """Remove a note. Raises NotFound, PreconditionFailed."""
    note = notes.get(note_id, version=version)
    notes.remove(note)
    publish(NoteRemoved(note_id=note.id))


def _leave_room(country: str) -> None:
    if notes.count(country) >= settings_of(NoteSettings).notes_per_country:
        raise TooManyNotes
