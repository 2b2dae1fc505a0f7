"""Queries for leads, their notes and their history."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, delete, func, select

from core.sdk import (
    OPTIONAL,
    RANGE,
    Filter,
    Instant,
    Listing,
    ListQuery,
    NotFound,
    Ownership,
    Page,
    Repository,
    db,
    money,
    read,
    users,
)
from plugins.contacts import api as contacts

from .models import Lead, Note, StatusChange, Tag
from .schemas import Kind, LeadRow, LeadView, NoteView, Status, StatusChangeView

_TAGS = select(Tag.tag).where(Tag.lead_id == Lead.id).order_by(Tag.tag).correlate(Lead)
_DERIVED = {
    "contact_name": contacts.name_of(Lead.contact_id),
    "owner_name": users.name_of(Lead.owner_id),
    "budget": money(Lead.budget_minor, Lead.budget_currency),
    "value": money(Lead.value_minor, Lead.value_currency),
    "tags": func.array(_TAGS.scalar_subquery(), type_=ARRAY(Text())),
}
ROW = select(*read.columns(LeadRow, Lead, **_DERIVED))
WHOLE = select(
    *read.columns(
        LeadView,
        Lead,
        **_DERIVED,
        contact_email=contacts.email_of(Lead.contact_id),
        contact_phone=contacts.phone_of(Lead.contact_id),
    )
)
NOTE = select(*read.columns(NoteView, Note, author_name=users.name_of(Note.author_id)))
STEP = select(*read.columns(StatusChangeView, StatusChange, author_name=users.name_of(StatusChange.author_id)))


class Leads(Repository[Lead]):
    """An agency's leads, within the caller's scope."""

    model = Lead
    permission = "leads.read"
    subject = "leads.lead"
    ownership = Ownership(Lead.owner_id, Lead.team_id)
    listing = Listing(
        filters={
            "status": Filter(Lead.status, Status, "Status in the pipeline."),
            "kind": Filter(Lead.kind, Kind, "Kind of trip."),
            "source": Filter(Lead.source, str, "Where the lead came from."),
            "tag": Filter(Tag.tag, str, "A tag of the lead.", via=Tag.lead_id),
            "owner_id": Filter(Lead.owner_id, UUID, "Owning user.", OPTIONAL),
            "team_id": Filter(Lead.team_id, UUID, "Owning team.", OPTIONAL),
            "brand_id": Filter(Lead.brand_id, UUID, "Brand.", OPTIONAL),
            "contact_id": Filter(Lead.contact_id, UUID, "Whose enquiry it is."),
            "start_date": Filter(Lead.start_date, date, "First day of travel.", RANGE, indexed=Lead.sort_start),
            "next_action_at": Filter(
                Lead.next_action_at, Instant, "When something is due.", RANGE, indexed=Lead.sort_next_action
            ),
            "created_at": Filter(Lead.created_at, Instant, "When it came in.", RANGE),
            "updated_at": Filter(Lead.updated_at, Instant, "When it last changed.", RANGE),
        },
        sorts={
            "created_at": Lead.created_at,
            "updated_at": Lead.updated_at,
            "reference": Lead.reference,
            "start_date": Lead.sort_start,
            "next_action_at": Lead.sort_next_action,
        },
        search={"leads.lead": Lead.id, "contacts.contact": Lead.contact_id},
    )

    def rows(self, query: ListQuery) -> Page[LeadRow]:
        """A page of leads."""
        return self.page(query, ROW, LeadRow)

    def shown(self, lead_id: UUID) -> LeadView:
        """A lead. Raises NotFound."""
        return self.view(lead_id, WHOLE, LeadView)

    def written(self, lead_id: UUID) -> LeadView:
        """A lead the caller has just written, even where that took it out of their scope."""
        return self.view_after_change(lead_id, WHOLE, LeadView)

    def are_of(self, contact_id: UUID) -> bool:
        """Whether any lead is a contact's, whether or not the caller may see it."""
        return db.session.scalar(select(Lead.id).where(Lead.contact_id == contact_id).limit(1)) is not None

    def tag(self, lead_id: UUID, tags: list[str]) -> None:
        """Replace a lead's tags."""
        db.session.execute(delete(Tag).where(Tag.lead_id == lead_id))
        db.session.add_all(Tag(lead_id=lead_id, tag=tag) for tag in dict.fromkeys(tags))
        db.session.flush()


class Standing(NamedTuple):
    """A lead's reference, and whose it is now."""

    reference: str
    owner_id: UUID | None
    team_id: UUID | None


_STANDING = read.Query(
    select(Lead.reference, Lead.owner_id, Lead.team_id).where(Lead.id == bindparam("lead_id", type_=Uuid())), Standing
)


def standing(lead_id: UUID) -> Standing | None:
    """How a lead stands, whether or not the caller may see it; None where it was put away."""
    return _STANDING.first(lead_id=lead_id)


class Steps(Repository[StatusChange]):
    """The steps one lead took through the pipeline; who may see the lead may see them."""

    model = StatusChange
    permission = "leads.read"
    listing = Listing(filters={}, sorts={"created_at": StatusChange.created_at}, default_sort="created_at")

    def rows(self, lead_id: UUID, query: ListQuery) -> Page[StatusChangeView]:
        """A page of a lead's steps."""
        return self.page(query, STEP, StatusChangeView, within={StatusChange.lead_id: lead_id})


class Notes(Repository[Note]):
    """The notes on one lead; who may see the lead may see them."""

    model = Note
    permission = "leads.read"
    listing = Listing(
        filters={"pinned": Filter(Note.pinned, bool, "Whether it is kept on top.")},
        sorts={"created_at": Note.created_at},
    )

    def rows(self, lead_id: UUID, query: ListQuery) -> Page[NoteView]:
        """A page of a lead's notes."""
        return self.page(query, NOTE, NoteView, within={Note.lead_id: lead_id})

    def shown(self, note_id: UUID, *, lead_id: UUID) -> NoteView:
        """A note on a lead. Raises NotFound."""
        note = self.view(note_id, NOTE, NoteView)
        if note.lead_id != lead_id:
            raise NotFound
        return note

    def written(self, note_id: UUID) -> NoteView:
        """A note the caller has just written."""
        return self.view_after_change(note_id, NOTE, NoteView)

    def of_lead(self, note_id: UUID, *, lead_id: UUID, version: int | None) -> Note:
        """A note on a lead, for changing it. Raises NotFound, PreconditionFailed."""
        note = self.get(note_id, version=version)
        if note.lead_id != lead_id:
            raise NotFound
        return note


leads = Leads()
steps = Steps()
notes = Notes()
