"""Notes over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page

from . import permissions, service
from .repository import Notes
from .schemas import NoteDraft, NotePatch, NoteView

blueprint = Blueprint("visas", description="Notes an agency keeps, by country.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Notes.listing)
@blueprint.response(200, Page[NoteView])
def search(query: ListQuery) -> Page[NoteView]:
    """List notes."""
    return service.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(NoteDraft)
@blueprint.response(201, NoteView)
def write(draft: NoteDraft) -> NoteView:
    """Write a note."""
    return service.write(draft)


@blueprint.get("/<uuid:note_id>", permission=permissions.READ)
@blueprint.response(200, NoteView)
def show(note_id: UUID) -> NoteView:
    """Show a note."""
    return service.view(note_id)


@blueprint.patch("/<uuid:note_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.arguments(NotePatch)
@blueprint.response(200, NoteView)
def change(patch: NotePatch, note_id: UUID, version: int | None) -> NoteView:
    """Change a note."""
    return service.change(note_id, patch, version=version)


@blueprint.delete("/<uuid:note_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.response(204)
def remove(note_id: UUID, version: int | None) -> None:
    """Remove a note."""
    service.remove(note_id, version=version)
