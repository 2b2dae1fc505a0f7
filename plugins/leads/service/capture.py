"""Taking in leads, correcting them, putting them away and finding them again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.sdk import (
    UNSET,
    Fault,
    Invalid,
    ListQuery,
    Page,
    acting_user_id,
    clock,
    default_team_id,
    gather,
    installed,
    next_reference,
    publish,
    search,
    under,
)
from plugins.contacts import api as contacts

from ..events import LeadChanged, LeadCreated, LeadDeleted, LeadRestored
from ..models import Lead, StatusChange
from ..repository import leads
from ..schemas import LeadDraft, LeadPatch, LeadRow, LeadView
from ..settings import LeadSettings
from . import assignment, intent, notes

ENTITY = "leads.lead"
# What a draft says that is not a column of the lead, or has a rule of its own.
_APART = {"contact", "contact_id", "owner_id", "team_id", "tags", "note"}


def rows(query: ListQuery) -> Page[LeadRow]:
    """A page of leads."""
    return leads.rows(query)


def view(lead_id: UUID) -> LeadView:
    """A lead. Raises NotFound."""
    return leads.shown(lead_id)


def create(draft: LeadDraft) -> LeadView:
    """Take in a lead; it belongs to its maker unless another owner is named. Raises Invalid."""
    lead = Lead(status="new", status_since=clock.now())
    lead.owner_id = acting_user_id() if draft.owner_id is UNSET else draft.owner_id
    lead.team_id = default_team_id() if draft.team_id is UNSET else draft.team_id
    given = {name: getattr(draft, name) for name in draft.__struct_fields__ if name not in _APART}
    gather(
        lambda: _attach_contact(lead, draft),
        lambda: assignment.check(lead.owner_id, lead.team_id),
        lambda: intent.apply(lead, given),
    )
    lead.reference = next_reference(_settings().reference_series)
    leads.add(lead)
    leads.add_step(StatusChange(lead_id=lead.id, to_status="new", author_id=acting_user_id(), manual=False))
    leads.tag(lead.id, draft.tags)
    publish(LeadCreated(lead_id=lead.id, reference=lead.reference, source=lead.source, owner_id=lead.owner_id), of=lead)
    if draft.note:
        notes.add(lead.id, text=draft.note)
    return _indexed(lead.id)


def change(lead_id: UUID, patch: LeadPatch, *, version: int | None) -> LeadView:
    """Correct a lead. Raises NotFound, PreconditionFailed, Invalid."""
    changes = patch.changes()
    names = sorted(changes)
    lead = leads.get(lead_id, version=version)
    tags = changes.pop("tags", None)
    intent.apply(lead, changes)
    # The version is the lead's as a whole, tags included.
    lead.updated_at = clock.now()
    publish(LeadChanged(lead_id=lead.id, fields=names), of=lead)
    leads.save()
    if tags is not None:
        leads.tag(lead.id, tags)
    return _indexed(lead.id)


def delete(lead_id: UUID, *, version: int | None) -> None:
    """Put a lead away. Raises NotFound, PreconditionFailed."""
    lead = leads.get(lead_id, version=version)
    leads.remove(lead)
    publish(LeadDeleted(lead_id=lead.id))


def restore(lead_id: UUID) -> LeadView:
    """Bring back a lead that was put away. Raises NotFound."""
    lead = leads.get_deleted(lead_id)
    lead.deleted_at = None
    leads.save()
    publish(LeadRestored(lead_id=lead.id))
    return leads.shown(lead.id)


def _attach_contact(lead: Lead, draft: LeadDraft) -> None:
    """Use the known contact, or make the new one in the same unit of work. Raises Invalid."""
    if (draft.contact_id is UNSET) == (draft.contact is UNSET):
        message = "Say who asks: either contact_id or contact"
        raise Invalid(errors=[Fault("/contact_id", "required", message)])
    if draft.contact_id is not UNSET:
        if not contacts.exists(draft.contact_id):
            raise Invalid(errors=[Fault("/contact_id", "unknown", "There is no such contact")])
        lead.contact_id = draft.contact_id
    elif draft.contact is not UNSET:
        with under("/contact"):
            lead.contact_id = contacts.create(draft.contact).id


def _indexed(lead_id: UUID) -> LeadView:
    """The lead as it is now, findable by its reference, its people and its places."""
    shown = leads.shown(lead_id)
    texts: list[Any] = [shown.reference, shown.contact_name, shown.contact_email, shown.contact_phone]
    search.index(ENTITY, lead_id, [*texts, shown.departure_city, shown.occasion, *shown.destinations, *shown.tags])
    return shown


def _settings() -> LeadSettings:
    found: LeadSettings = installed().settings_of("leads")
    return found
