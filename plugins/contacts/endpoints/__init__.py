"""Contacts over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, duplicates, exports, merging, offer_bulk, users

from .. import permissions
from ..repository import CONTACTS
from ..repository.consents import Statements
from ..repository.members import Members
from ..repository.merges import Merges
from ..schemas import ContactDraft, ContactPatch, ContactRow, ContactView, NewContact, PairDraft, SoughtContact
from ..schemas.consents import ConsentsDraft, StatementView
from ..schemas.members import GroupMemberDraft, GroupMemberView
from ..schemas.value import ContactValue
from ..service import bulk, consents, contacts, members, value
from ..service import duplicates as alike
from ..service import merging as merges

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


@blueprint.post("/<uuid:contact_id>/consents", permission=permissions.WRITE, problems=(410,))
@blueprint.arguments(ConsentsDraft)
@blueprint.response(200, ContactView)
def record_consents(body: ConsentsDraft, contact_id: UUID) -> ContactView:
    """Write down what a contact said about being contacted: given, withdrawn, or to be confirmed."""
    return consents.record(contact_id, body.consents)


@blueprint.get("/<uuid:contact_id>/consents", permission=permissions.READ, problems=(410,))
@blueprint.listing(Statements.listing)
@blueprint.response(200, Page[StatementView])
def search_consents(query: ListQuery, contact_id: UUID) -> Page[StatementView]:
    """List everything a contact said about being contacted; nothing of it is ever changed."""
    return consents.rows(contact_id, query)


@blueprint.get("/<uuid:group_id>/members", permission=permissions.READ, problems=(410,))
@blueprint.listing(Members.listing)
@blueprint.response(200, Page[GroupMemberView])
def search_members(query: ListQuery, group_id: UUID) -> Page[GroupMemberView]:
    """List the people of a household or company."""
    return members.rows(group_id, query)


@blueprint.post("/<uuid:group_id>/members", permission=permissions.WRITE, problems=(410,))
@blueprint.arguments(GroupMemberDraft)
@blueprint.response(200, GroupMemberView)
def put_member(body: GroupMemberDraft, group_id: UUID) -> GroupMemberView:
    """Make somebody a member of a household or company, or say something else of one who is."""
    return members.put(group_id, body)


@blueprint.delete("/<uuid:group_id>/members/<uuid:member_id>", permission=permissions.WRITE, problems=(410,))
@blueprint.response(204)
def remove_member(group_id: UUID, member_id: UUID) -> None:
    """Let somebody be a member of a household or company no more; `member_id` is the person."""
    members.remove(group_id, member_id)


@blueprint.get("/<uuid:contact_id>/value", permission=permissions.READ, problems=(410,))
@blueprint.response(200, ContactValue)
def show_value(contact_id: UUID) -> ContactValue:
    """Show what a contact is worth: what they asked, what came of it, alone and with their household or company."""
    return value.of_contact(contact_id)


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
