"""Leads over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import (
    Blueprint,
    ListQuery,
    Page,
    Upload,
    duplicates,
    exports,
    files,
    merging,
    offer_bulk,
    users,
)

from .. import permissions
from ..repository import LEADS, Notes, Steps
from ..repository.attachments import Attachments, NoteVersions
from ..repository.calls import Calls
from ..repository.merges import Merges
from ..schemas import LeadDraft, LeadPatch, LeadRow, LeadView, Move, StatusChangeView
from ..schemas.calls import CallDraft, CallView
from ..schemas.duplicates import LeadPairDraft, NewLead, SoughtLead
from ..schemas.notes import NoteDraft, NotePatch, NoteVersionView, NoteView
from ..schemas.timeline import AttachmentView, TimelinePage, TimelineQuery
from ..service import assignment, attachments, bulk, calls, leads, notes, pipeline, timeline
from ..service import duplicates as alike
from ..service import merging as merges

blueprint = Blueprint("leads", description="Capture, qualify and hand over travel enquiries.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(LEADS)
@blueprint.response(200, Page[LeadRow])
def search(query: ListQuery) -> Page[LeadRow]:
    """List and search leads."""
    return leads.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(LeadDraft)
@blueprint.response(201, NewLead)
def create(draft: LeadDraft) -> NewLead:
    """Take in a lead."""
    return leads.create(draft)


@blueprint.get("/<uuid:lead_id>", permission=permissions.READ, problems=(410,))
@blueprint.response(200, LeadView)
def show(lead_id: UUID) -> LeadView:
    """Show a lead."""
    return leads.view(lead_id)


@blueprint.patch("/<uuid:lead_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.arguments(LeadPatch)
@blueprint.response(200, LeadView)
def change(patch: LeadPatch, lead_id: UUID, version: int | None) -> LeadView:
    """Correct a lead."""
    return leads.change(lead_id, patch, version=version)


@blueprint.delete("/<uuid:lead_id>", permission=permissions.DELETE, problems=(410,))
@blueprint.if_match
@blueprint.response(204)
def delete(lead_id: UUID, version: int | None) -> None:
    """Put a lead away; it can be restored."""
    leads.delete(lead_id, version=version)


@blueprint.post("/<uuid:lead_id>/restore", permission=permissions.DELETE, problems=(410,))
@blueprint.response(200, LeadView)
def restore(lead_id: UUID) -> LeadView:
    """Bring back a lead that was put away."""
    return leads.restore(lead_id)


@blueprint.post("/<uuid:lead_id>/status", permission=permissions.WRITE, problems=(409, 410))
@blueprint.if_match
@blueprint.arguments(Move)
@blueprint.response(200, LeadView)
def move(step: Move, lead_id: UUID, version: int | None) -> LeadView:
    """Take a lead to another status."""
    return pipeline.move(lead_id, step, version=version)


@blueprint.get("/<uuid:lead_id>/status", permission=permissions.READ, problems=(410,))
@blueprint.listing(Steps.listing)
@blueprint.response(200, Page[StatusChangeView])
def history(query: ListQuery, lead_id: UUID) -> Page[StatusChangeView]:
    """List the steps a lead took through the pipeline."""
    return pipeline.history(lead_id, query)


@blueprint.post("/<uuid:lead_id>/assignment", permission=permissions.ASSIGN, problems=(409, 410))
@blueprint.if_match
@blueprint.arguments(users.Assignment)
@blueprint.response(200, LeadView)
def assign(body: users.Assignment, lead_id: UUID, version: int | None) -> LeadView:
    """Give a lead to another owner or team."""
    return assignment.assign(lead_id, body, version=version)


@blueprint.get("/<uuid:lead_id>/notes", permission=permissions.READ, problems=(410,))
@blueprint.listing(Notes.listing)
@blueprint.response(200, Page[NoteView])
def search_notes(query: ListQuery, lead_id: UUID) -> Page[NoteView]:
    """List the notes on a lead."""
    return notes.rows(lead_id, query)


@blueprint.post("/<uuid:lead_id>/notes", permission=permissions.WRITE, problems=(410,))
@blueprint.arguments(NoteDraft)
@blueprint.response(201, NoteView)
def write_note(draft: NoteDraft, lead_id: UUID) -> NoteView:
    """Write a note on a lead."""
    return notes.write(lead_id, draft)


@blueprint.get("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.READ, problems=(410,))
@blueprint.response(200, NoteView)
def show_note(lead_id: UUID, note_id: UUID) -> NoteView:
    """Show a note."""
    return notes.view(lead_id, note_id)


@blueprint.patch("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.arguments(NotePatch)
@blueprint.response(200, NoteView)
def change_note(patch: NotePatch, lead_id: UUID, note_id: UUID, version: int | None) -> NoteView:
    """Correct or pin a note."""
    return notes.change(lead_id, note_id, patch, version=version)


@blueprint.delete("/<uuid:lead_id>/notes/<uuid:note_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.response(204)
def delete_note(lead_id: UUID, note_id: UUID, version: int | None) -> None:
    """Delete a note of one's own; anybody's with leads.delete."""
    notes.delete(lead_id, note_id, version=version)


@blueprint.get("/<uuid:lead_id>/calls", permission=permissions.READ, problems=(410,))
@blueprint.listing(Calls.listing)
@blueprint.response(200, Page[CallView])
def search_calls(query: ListQuery, lead_id: UUID) -> Page[CallView]:
    """List the calls about a lead."""
    return calls.rows(lead_id, query)


@blueprint.post("/<uuid:lead_id>/calls", permission=permissions.WRITE, problems=(410,))
@blueprint.arguments(CallDraft)
@blueprint.response(201, CallView)
def log_call(draft: CallDraft, lead_id: UUID) -> CallView:
    """Log a call; one that reached out to the client of a new lead makes it contacted."""
    return calls.write(lead_id, draft)


@blueprint.get("/<uuid:lead_id>/calls/<uuid:call_id>", permission=permissions.READ, problems=(410,))
@blueprint.response(200, CallView)
def show_call(lead_id: UUID, call_id: UUID) -> CallView:
    """Show a logged call."""
    return calls.view(lead_id, call_id)


@blueprint.post("/duplicates", permission=permissions.WRITE, cost=3)
@blueprint.arguments(SoughtLead)
@blueprint.response(200, duplicates.Duplicates)
def find_duplicates(draft: SoughtLead) -> duplicates.Duplicates:
    """Find which leads one that is not saved yet may be."""
    return alike.of_draft(draft)


@blueprint.get("/<uuid:lead_id>/duplicates", permission=permissions.READ, cost=3, problems=(410,))
@blueprint.response(200, duplicates.Duplicates)
def show_duplicates(lead_id: UUID) -> duplicates.Duplicates:
    """Show which other leads a lead may be."""
    return alike.of_lead(lead_id)


@blueprint.post("/<uuid:lead_id>/distinguish", permission=permissions.MERGE, problems=(410,))
@blueprint.arguments(LeadPairDraft)
@blueprint.response(204)
def distinguish(pair: LeadPairDraft, lead_id: UUID) -> None:
    """Remember that two leads are two enquiries: neither is a duplicate of the other any more."""
    alike.distinguish(lead_id, pair.other_id)


@blueprint.post("/<uuid:lead_id>/confuse", permission=permissions.MERGE, problems=(410,))
@blueprint.arguments(LeadPairDraft)
@blueprint.response(204)
def confuse(pair: LeadPairDraft, lead_id: UUID) -> None:
    """Forget that two leads were said to be two enquiries."""
    alike.confuse(lead_id, pair.other_id)


@blueprint.post("/<uuid:lead_id>/merge", permission=permissions.MERGE, problems=(409, 410))
@blueprint.if_match
@blueprint.arguments(merging.MergeDraft)
@blueprint.response(200, merging.MergeView)
def merge(body: merging.MergeDraft, lead_id: UUID, version: int | None) -> merging.MergeView:
    """Let another lead go into this one, and both timelines be one; for thirty days that can be undone."""
    return merges.merge(lead_id, body, version=version)


@blueprint.get("/<uuid:lead_id>/merges", permission=permissions.READ, problems=(410,))
@blueprint.listing(Merges.listing)
@blueprint.response(200, Page[merging.MergeView])
def search_merges(query: ListQuery, lead_id: UUID) -> Page[merging.MergeView]:
    """List what went into a lead and can still come out."""
    return merges.rows(lead_id, query)


@blueprint.post("/merges/<uuid:merge_id>/undo", permission=permissions.MERGE)
@blueprint.response(200, LeadView)
def undo_merge(merge_id: UUID) -> LeadView:
    """Let a lead that went into another be one of its own again; shows the one that stayed."""
    return merges.undo(merge_id)


exports.offer(blueprint, LEADS, permission=permissions.EXPORT)
offer_bulk(blueprint, LEADS, bulk.ACTIONS, permission=permissions.WRITE)


@blueprint.get("/<uuid:lead_id>/notes/<uuid:note_id>/versions", permission=permissions.READ, problems=(410,))
@blueprint.listing(NoteVersions.listing)
@blueprint.response(200, Page[NoteVersionView])
def search_versions(query: ListQuery, lead_id: UUID, note_id: UUID) -> Page[NoteVersionView]:
    """List what a note said before."""
    return notes.history(lead_id, note_id, query)


@blueprint.get("/<uuid:lead_id>/timeline", permission=permissions.READ, problems=(410,))
@blueprint.query(TimelineQuery)
@blueprint.response(200, TimelinePage)
def show_timeline(query: TimelineQuery, lead_id: UUID) -> TimelinePage:
    """Show what happened on a lead, newest first."""
    return timeline.page(lead_id, query)


@blueprint.get("/<uuid:lead_id>/attachments", permission=permissions.READ, problems=(410,))
@blueprint.listing(Attachments.listing)
@blueprint.response(200, Page[AttachmentView])
def search_attachments(query: ListQuery, lead_id: UUID) -> Page[AttachmentView]:
    """List the files of a lead."""
    return attachments.rows(lead_id, query)


@blueprint.post("/<uuid:lead_id>/attachments", permission=permissions.WRITE, problems=(410,))
@blueprint.upload(attachments.ACCEPTS)
@blueprint.response(201, AttachmentView)
def attach(upload: Upload, lead_id: UUID) -> AttachmentView:
    """Put a file to a lead."""
    return attachments.attach(lead_id, upload)


@blueprint.get("/<uuid:lead_id>/attachments/<uuid:attachment_id>", permission=permissions.READ, problems=(410,))
@blueprint.response(200, files.FileLink)
def show_attachment(lead_id: UUID, attachment_id: UUID) -> files.FileLink:
    """Where to get a file of a lead."""
    return attachments.link(lead_id, attachment_id)


@blueprint.delete("/<uuid:lead_id>/attachments/<uuid:attachment_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.response(204)
def delete_attachment(lead_id: UUID, attachment_id: UUID, version: int | None) -> None:
    """Remove a file of one's own; anybody's with leads.delete."""
    attachments.remove(lead_id, attachment_id, version=version)
