"""Contacts over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, exports, offer_bulk, users

from . import permissions
from .repository import CONTACTS, Contacts
from .schemas import ContactDraft, ContactPatch, ContactRow, ContactView
from .service import bulk, contacts

blueprint = Blueprint("contacts", description="The people, households and companies an agency deals with.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Contacts.listing)
@blueprint.response(200, Page[ContactRow])
def search(query: ListQuery) -> Page[ContactRow]:
    """List and search contacts."""
    return contacts.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(ContactDraft)
@blueprint.response(201, ContactView)
def create(draft: ContactDraft) -> ContactView:
    """Add a contact."""
    return contacts.create(draft)


@blueprint.get("/<uuid:contact_id>", permission=permissions.READ)
@blueprint.response(200, ContactView)
def show(contact_id: UUID) -> ContactView:
    """Show a contact."""
    return contacts.view(contact_id)


@blueprint.patch("/<uuid:contact_id>", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.arguments(ContactPatch)
@blueprint.response(200, ContactView)
def change(patch: ContactPatch, contact_id: UUID, version: int | None) -> ContactView:
    """Change a contact."""
    return contacts.change(contact_id, patch, version=version)


@blueprint.delete("/<uuid:contact_id>", permission=permissions.DELETE)
@blueprint.if_match
@blueprint.response(204)
def delete(contact_id: UUID, version: int | None) -> None:
    """Put a contact away; it can be restored."""
    contacts.delete(contact_id, version=version)


@blueprint.post("/<uuid:contact_id>/restore", permission=permissions.DELETE)
@blueprint.response(200, ContactView)
def restore(contact_id: UUID) -> ContactView:
    """Bring back a contact that was put away."""
    return contacts.restore(contact_id)


@blueprint.post("/<uuid:contact_id>/assignment", permission=permissions.ASSIGN)
@blueprint.if_match
@blueprint.arguments(users.Assignment)
@blueprint.response(200, ContactView)
def assign(body: users.Assignment, contact_id: UUID, version: int | None) -> ContactView:
    """Give a contact to another owner or team."""
    return contacts.assign(contact_id, body, version=version)


exports.offer(blueprint, CONTACTS, permission=permissions.EXPORT)
offer_bulk(blueprint, CONTACTS, bulk.ACTIONS, permission=permissions.WRITE)
