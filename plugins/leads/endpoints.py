"""Leads over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, exports, offer_bulk, users

from . import permissions
from .repository import LEADS, Leads, Notes, Steps
from .repository.calls import Calls
from .schemas import (
    LeadDraft,
    LeadPatch,
    LeadRow,
    LeadView,
    Move,
    StatusChangeView,
)
from .schemas.calls import CallDraft, CallView
from .schemas.notes import NoteDraft, NotePatch, NoteView
from .service import assignment, bulk, calls, leads, notes, pipeline

blueprint = Blueprint("leads", description="Capture, qualify and hand over travel enquiries.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Leads.listing)
@blueprint.response(200, Page[LeadRow])
def search(query: ListQuery) -> Page[LeadRow]:
    """List and search leads."""
    return leads.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(LeadDraft)
@blueprint.response(201, LeadView)
def create(draft: LeadDraft) -> LeadView:
    """Take in a lead."""
    return leads.create(draft)


@blueprint.get("/<uuid:lead_id>", permission=permissions.READ)
@blueprint.response(200, LeadView)
def show(lead_id: UUID) -> LeadView:
    """Show a lead."""
    return leads.view(lead_id)


@blueprint.patch("/<uuid:lead_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.arguments(LeadPatch)
@blueprint.response(200, LeadView)
def change(patch: LeadPatch, lead_id: UUID, version: int | None) -> LeadView:
    """Correct a lead."""
    return leads.change(lead_id, patch, version=version)


@blueprint.delete("/<uuid:lead_id>", permission=permissions.DELETE)
@blueprint.if_match
@blueprint.response(204)
def delete(lead_id: UUID, version: int | None) -> None:
    """Put a lead away; it can be restored."""
    leads.delete(lead_id, version=version)


@blueprint.post("/<uuid:lead_id>/restore", permission=permissions.DELETE)
@blueprint.response(200, LeadView)
def restore(lead_id: UUID) -> LeadView:
    """Bring back a lead that was put away."""
    return leads.restore(lead_id)


@blueprint.post("/<uuid:lead_id>/status", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.arguments(Move)
@blueprint.response(200, LeadView)
def move(step: Move, lead_id: UUID, version: int | None) -> LeadView:
    """Take a lead to another status."""
    return pipeline.move(lead_id, step, version=version)


@blueprint.get("/<uuid:lead_id>/status", permission=permissions.READ)
@blueprint.listing(Steps.listing)
@blueprint.response(200, Page[StatusChangeView])
def history(query: ListQuery, lead_id: UUID) -> Page[StatusChangeView]:
    """List the steps a lead took through the pipeline."""
    return pipeline.history(lead_id, query)


@blueprint.post("/<uuid:lead_id>/assignment", permission=permissions.ASSIGN, problems=(409,))
@blueprint.if_match
@blueprint.arguments(users.Assignment)
@blueprint.response(200, LeadView)
def assign(body: users.Assignment, lead_id: UUID, version: int | None) -> LeadView:
    """Give a lead to another owner or team."""
    return assignment.assign(lead_id, body, version=version)


@blueprint.get("/<uuid:lead_id>/notes", permission=permissions.READ)
@blueprint.listing(Notes.listing)
@blueprint.response(200, Page[NoteView])
def search_notes(query: ListQuery, lead_id: UUID) -> Page[NoteView]:
    """List the notes on a lead."""
    return notes.rows(lead_id, query)


@blueprint.post("/<uuid:lead_id>/notes", permission=permissions.WRITE)
@blueprint.arguments(NoteDraft)
@blueprint.response(201, NoteView)
def write_note(draft: NoteDraft, lead_id: UUID) -> NoteView:
    """Write a note on a lead."""
    return notes.write(lead_id, draft)


@blueprint.get("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.READ)
@blueprint.response(200, NoteView)
def show_note(lead_id: UUID, note_id: UUID) -> NoteView:
    """Show a note."""
    return notes.view(lead_id, note_id)


@blueprint.patch("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.arguments(NotePatch)
@blueprint.response(200, NoteView)
def change_note(patch: NotePatch, lead_id: UUID, note_id: UUID, version: int | None) -> NoteView:
    """Correct or pin a note."""
    return notes.change(lead_id, note_id, patch, version=version)


@blueprint.delete("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.response(204)
def delete_note(lead_id: UUID, note_id: UUID, version: int | None) -> None:
    """Delete a note of one's own; anybody's with leads.delete."""
    notes.delete(lead_id, note_id, version=version)


@blueprint.get("/<uuid:lead_id>/calls", permission=permissions.READ)
@blueprint.listing(Calls.listing)
@blueprint.response(200, Page[CallView])
def search_calls(query: ListQuery, lead_id: UUID) -> Page[CallView]:
    """List the calls about a lead."""
    return calls.rows(lead_id, query)


@blueprint.post("/<uuid:lead_id>/calls", permission=permissions.WRITE)
@blueprint.arguments(CallDraft)
@blueprint.response(201, CallView)
def log_call(draft: CallDraft, lead_id: UUID) -> CallView:
    """Log a call; one that reached out to the client of a new lead makes it contacted."""
    return calls.write(lead_id, draft)


@blueprint.get("/<uuid:lead_id>/calls/<uuid:call_id>", permission=permissions.READ)
@blueprint.response(200, CallView)
def show_call(lead_id: UUID, call_id: UUID) -> CallView:
    """Show a logged call."""
    return calls.view(lead_id, call_id)


exports.offer(blueprint, LEADS, permission=permissions.EXPORT)
offer_bulk(blueprint, LEADS, bulk.ACTIONS, permission=permissions.WRITE)
