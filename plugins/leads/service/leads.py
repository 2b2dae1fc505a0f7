"""What can be done with a lead itself."""

from __future__ import annotations

from functools import partial
from typing import Protocol
from uuid import UUID

from core.sdk import (
    UNSET,
    Fault,
    Invalid,
    ListQuery,
    MergedAway,
    Page,
    clock,
    gather,
    next_reference,
    publish,
    search,
    settings_of,
    under,
    users,
)
from plugins.contacts import api as contacts

from .. import permissions
from ..errors import ContactIsDeleted
from ..events import LeadChanged, LeadCreated, LeadDeleted, LeadRestored
from ..models import FIELDS, Lead
from ..repository import leads
from ..repository.duplicates import taken_in
from ..repository.merges import go_along, references_in
from ..schemas import LeadDraft, LeadPatch, LeadRow, LeadView
from ..schemas.duplicates import NewLead
from ..settings import LeadSettings
from . import assignment, intent, notes, pipeline, sla

ENTITY = "leads.lead"
# What a draft says that is not a column of the lead, or has a rule of its own.
_APART = {"priority", "contact", "contact_id", "owner_id", "team_id", "tags", "custom_fields", "note"}

# What a lead says in rows of their own.
ROWS = {"tags", "custom_fields"}


def rows(query: ListQuery) -> Page[LeadRow]:
    """A page of leads."""
    return leads.rows(query)


def view(lead_id: UUID) -> LeadView:
    """A lead. Raises NotFound."""
    return leads.shown(lead_id)


def is_within_reach(lead_id: UUID) -> bool:
    """Whether the caller may see a lead. Raises NotFound where not."""
    leads.require(lead_id)
    return True


def create(draft: LeadDraft) -> NewLead:
    """Take in a lead: whoever is named has it, or whom a rule finds, or its maker. Raises Forbidden, Invalid."""
    lead = add(draft)
    return _new(*(taken_in(lead) if _may_be_known(draft) else (leads.written(lead.id), 0)))


def add(draft: LeadDraft, *, imported: bool = False) -> Lead:
    """Take in a lead as `create` does. One that comes by a file is no fresh enquiry: nobody waits for a response."""
    lead = Lead(status="new", status_since=clock.now(), imported=imported)
    # Before anything is made of it: handing over may be forbidden.
    settle = partial(users.settle, owner_id=draft.owner_id, team_id=draft.team_id, given_with=permissions.ASSIGN.name)
    given = {name: getattr(draft, name) for name in draft.__struct_fields__ if name not in _APART}
    gather(
        partial(settle, lead),
        partial(_attach_contact, lead, draft),
        partial(intent.apply, lead, given),
        partial(FIELDS.apply, lead, draft.custom_fields),
    )
    decided = assignment.give_out(lead, draft)
    if not imported:
        sla.begin(lead)
    lead.reference = next_reference(settings_of(LeadSettings).reference_series)
    leads.add(lead)
    leads.add_tags(lead.id, draft.tags)
    pipeline.begin(lead)
    search.add(ENTITY, lead.id, texts(lead, draft.tags))
    made = LeadCreated(
        lead_id=lead.id, reference=lead.reference, source=lead.source, owner_id=lead.owner_id, imported=imported
    )
    publish(made, of=lead)
    assignment.tell(lead, decided)
    sla.announce(lead)
    if draft.note and not draft.note.isspace():
        notes.add(lead.id, text=draft.note)
    return lead


def _may_be_known(draft: LeadDraft) -> bool:
    """Whether there is anything that an earlier lead could have in common: nobody is looked for then."""
    return draft.contact is UNSET or bool(draft.contact.emails or draft.contact.phones)


def _new(shown: LeadView, others: int) -> NewLead:
    values = (*(getattr(shown, name) for name in shown.__struct_fields__), others or UNSET)
    return NewLead(*values)


def change(lead_id: UUID, patch: LeadPatch, *, version: int | None) -> LeadView:
    """Correct a lead. Raises NotFound, PreconditionFailed, Invalid."""
    lead = leads.get(lead_id, version=version)
    changes = patch.changes()
    if not changes:
        return leads.shown(lead.id)
    gather(
        partial(intent.apply, lead, {name: value for name, value in changes.items() if name not in ROWS}),
        partial(FIELDS.apply, lead, patch.custom_fields),
    )
    # The version is the lead's as a whole, tags included.
    lead.updated_at = clock.now()
    if "priority" in changes:
        sla.hurry(lead)
    if "contact_id" in changes:
        go_along(lead.id, to=lead.contact_id)
    leads.save()
    if "next_action_at" in changes:
        leads.settle_next_action(lead.id)
    if "tags" in changes:
        leads.tag(lead.id, changes["tags"])
    shown = leads.written(lead.id)
    index(lead, shown.tags)
    publish(LeadChanged(lead_id=lead.id, fields=sorted(changes)), of=lead)
    return shown


def delete(lead_id: UUID, *, version: int | None) -> None:
    """Put a lead away. Raises NotFound, PreconditionFailed."""
    lead = leads.get(lead_id, version=version)
    leads.remove(lead)
    publish(LeadDeleted(lead_id=lead.id))


def restore(lead_id: UUID) -> LeadView:
    """Bring back a lead that was put away. Raises NotFound, MergedAway, ContactIsDeleted."""
    bring_back(lead_id)
    return leads.written(lead_id)


def bring_back(lead_id: UUID) -> None:
    """The same, where nobody reads it then."""
    lead = leads.get_deleted(lead_id)
    if lead.merged_into is not None:
        raise MergedAway(lead.merged_into)
    if not contacts.is_kept(lead.contact_id):
        raise ContactIsDeleted
    lead.deleted_at = None
    leads.save()
    publish(LeadRestored(lead_id=lead.id))


def _attach_contact(lead: Lead, draft: LeadDraft) -> None:
    """Use the known contact, or make the new one in the same unit of work. Raises Invalid."""
    if (draft.contact_id is UNSET) == (draft.contact is UNSET):
        message = "Say who asks: either contact_id or contact"
        code = "required" if draft.contact is UNSET else "either"
        raise Invalid(errors=[Fault("/contact_id", code, message)])
    if draft.contact_id is not UNSET:
        if not contacts.exists(draft.contact_id):
            raise Invalid(errors=[Fault("/contact_id", "unknown", "There is no such contact")])
        lead.contact_id = draft.contact_id
    elif draft.contact is not UNSET:
        with under("/contact"):
            lead.contact_id = contacts.add(draft.contact)


def index(lead: Lead, tags: list[str]) -> None:
    """Let a lead be found by what it says now, and by the references of what went into it."""
    search.index(ENTITY, lead.id, [*texts(lead, tags), *references_in([lead.id]).get(lead.id, ())])


class Findable(Protocol):
    """What a lead is found by."""

    @property
    def reference(self) -> str: ...
    @property
    def departure_city(self) -> str | None: ...
    @property
    def occasion(self) -> str | None: ...
    @property
    def destinations(self) -> list[str]: ...


def texts(lead: Findable, tags: list[str]) -> list[str | None]:
    """What finds a lead: reference, places and tags; the contact's own words do so too, see `Leads.listing`."""
    return [lead.reference, lead.departure_city, lead.occasion, *lead.destinations, *tags]
