"""Contacts over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, duplicates, exports, merging, offer_bulk, users

from . import permissions
from .repository import CONTACTS
from .repository.merges import Merges
from .schemas import ContactDraft, ContactPatch, ContactRow, ContactView, NewContact, PairDraft, SoughtContact
from .service import bulk, contacts
from .service import duplicates as alike
from .service import merging as merges

blueprint = Blueprint("contacts", description="The people, households and companies an agency deals with.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(CONTACTS)
@blueprint.response(200, Page[ContactRow])
def search(query: ListQuery) -> Page[ContactRow]:
    """List and search contacts."""
    return contacts.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(ContactDraft)
@blueprint.response(201, NewContact)
def create(draft: ContactDraft) -> NewContact:
    """Add a contact."""
    return contacts.create(draft)


@blueprint.get("/<uuid:contact_id>", permission=permissions.READ, problems=(410,))
@blueprint.response(200, ContactView)
def show(contact_id: UUID) -> ContactView:
    """Show a contact."""
    return contacts.view(contact_id)


@blueprint.patch("/<uuid:contact_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.if_match
@blueprint.arguments(ContactPatch)
@blueprint.response(200, ContactView)
def change(patch: ContactPatch, contact_id: UUID, version: int | None) -> ContactView:
    """Change a contact."""
    return contacts.change(contact_id, patch, version=version)


@blueprint.delete("/<uuid:contact_id>", permission=permissions.DELETE, problems=(410,))
@blueprint.if_match
@blueprint.response(204)
def delete(contact_id: UUID, version: int | None) -> None:
    """Put a contact away; it can be restored."""
    contacts.delete(contact_id, version=version)


@blueprint.post("/<uuid:contact_id>/restore", permission=permissions.DELETE, problems=(410,))
@blueprint.response(200, ContactView)
def restore(contact_id: UUID) -> ContactView:
    """Bring back a contact that was put away."""
    return contacts.restore(contact_id)


@blueprint.post("/<uuid:contact_id>/assignment", permission=permissions.ASSIGN, problems=(410,))
@blueprint.if_match
@blueprint.arguments(users.Assignment)
@blueprint.response(200, ContactView)
def assign(body: users.Assignment, contact_id: UUID, version: int | None) -> ContactView:
    """Give a contact to another owner or team."""
    return contacts.assign(contact_id, body, version=version)


@blueprint.post("/duplicates", permission=permissions.WRITE, cost=2)
@blueprint.arguments(SoughtContact)
@blueprint.response(200, duplicates.Duplicates)
def find_duplicates(draft: SoughtContact) -> duplicates.Duplicates:
    """Find who a contact that is not saved yet may be."""
    return alike.of_draft(draft)


@blueprint.get("/<uuid:contact_id>/duplicates", permission=permissions.READ, cost=2, problems=(410,))
@blueprint.response(200, duplicates.Duplicates)
def show_duplicates(contact_id: UUID) -> duplicates.Duplicates:
    """Show who else a contact may be."""
    return alike.of_contact(contact_id)


@blueprint.post("/<uuid:contact_id>/distinguish", permission=permissions.MERGE, problems=(410,))
@blueprint.arguments(PairDraft)
@blueprint.response(204)
def distinguish(pair: PairDraft, contact_id: UUID) -> None:
    """Remember that two contacts are two people: neither is a duplicate of the other any more."""
    alike.distinguish(contact_id, pair.other_id)


@blueprint.post("/<uuid:contact_id>/confuse", permission=permissions.MERGE, problems=(410,))
@blueprint.arguments(PairDraft)
@blueprint.response(204)
def confuse(pair: PairDraft, contact_id: UUID) -> None:
    """Forget that two contacts were said to be two people."""
    alike.confuse(contact_id, pair.other_id)


@blueprint.post("/<uuid:contact_id>/merge", permission=permissions.MERGE, problems=(410,))
@blueprint.if_match
@blueprint.arguments(merging.MergeDraft)
@blueprint.response(200, merging.MergeView)
def merge(body: merging.MergeDraft, contact_id: UUID, version: int | None) -> merging.MergeView:
    """Let another contact go into this one, with everything that is about it; for thirty days that can be undone."""
    return merges.merge(contact_id, body, version=version)


@blueprint.get("/<uuid:contact_id>/merges", permission=permissions.READ, problems=(410,))
@blueprint.listing(Merges.listing)
@blueprint.response(200, Page[merging.MergeView])
def search_merges(query: ListQuery, contact_id: UUID) -> Page[merging.MergeView]:
    """List what went into a contact and can still come out."""
    return merges.rows(contact_id, query)


@blueprint.post("/merges/<uuid:merge_id>/undo", permission=permissions.MERGE)
@blueprint.response(200, ContactView)
def undo_merge(merge_id: UUID) -> ContactView:
    """Let a contact that went into another be one of its own again; shows the one that stayed."""
    return merges.undo(merge_id)


exports.offer(blueprint, CONTACTS, permission=permissions.EXPORT)
offer_bulk(blueprint, CONTACTS, bulk.ACTIONS, permission=permissions.WRITE)
