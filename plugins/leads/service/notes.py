"""Notes on leads."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.sdk import ListQuery, Page, acting_user_id, publish

from ..errors import NoteOfSomebodyElse
from ..events import NoteChanged, NoteDeleted, NoteWritten
from ..models import Note
from ..repository import leads, notes
from ..schemas import NoteDraft, NotePatch, NoteView
from . import audience, reach

# What only the author may change.
_AUTHORS = {"text", "mentions"}


def rows(lead_id: UUID, query: ListQuery) -> Page[NoteView]:
    """A page of a lead's notes. Raises NotFound."""
    leads.require(lead_id)
    return notes.rows(lead_id, query)


def view(lead_id: UUID, note_id: UUID) -> NoteView:
    """A note. Raises NotFound."""
    leads.require(lead_id)
    return notes.shown(note_id, lead_id=lead_id)


def write(lead_id: UUID, draft: NoteDraft) -> NoteView:
    """Write a note on a lead, as oneself. Raises NotFound, Invalid for colleagues who may not read it."""
    leads.require(lead_id)
    mentions = audience.check(lead_id, draft.mentions)
    return notes.written(add(lead_id, text=draft.text, pinned=draft.pinned, mentions=mentions))


def change(lead_id: UUID, note_id: UUID, patch: NotePatch, *, version: int | None) -> NoteView:
    """Correct one's own note, or pin anybody's. Raises NoteOfSomebodyElse, NotFound, PreconditionFailed, Invalid."""
    leads.require(lead_id)
    note = notes.of_lead(note_id, lead_id=lead_id, version=version)
    changes = patch.changes()
    if changes.keys() & _AUTHORS and not _is_mine(note):
        raise NoteOfSomebodyElse
    if not changes:
        return notes.shown(note.id, lead_id=lead_id)
    before = note.mentions
    if "mentions" in changes:
        changes["mentions"] = audience.check(lead_id, changes["mentions"])
    for name, value in changes.items():
        setattr(note, name, value)
    notes.save()
    mentioned = [user_id for user_id in note.mentions if user_id not in before]
    publish(NoteChanged(lead_id=lead_id, note_id=note.id, mentioned=mentioned), of=note)
    return notes.written(note.id)


def delete(lead_id: UUID, note_id: UUID, *, version: int | None) -> None:
    """Delete one's own note, or with `leads.delete` for the lead anybody's.

    Raises Forbidden, NotFound, PreconditionFailed.
    """
    leads.require(lead_id)
    note = notes.of_lead(note_id, lead_id=lead_id, version=version)
    if not _is_mine(note):
        reach.require_delete(lead_id)
    notes.remove(note)
    publish(NoteDeleted(lead_id=lead_id, note_id=note.id))


def add(lead_id: UUID, *, text: str, pinned: bool = False, mentions: Sequence[UUID] = ()) -> UUID:
    """Put a note on a lead that is known to exist; its readers are known to see the lead."""
    written = Note(lead_id=lead_id, author_id=acting_user_id(), text=text, pinned=pinned, mentions=list(mentions))
    note = notes.add(written)
    publish(NoteWritten(lead_id=lead_id, note_id=note.id, mentioned=list(mentions)))
    return note.id


def _is_mine(note: Note) -> bool:
    return note.author_id == acting_user_id()
