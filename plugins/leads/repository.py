"""Queries for leads, their notes and their history."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, Text, bindparam, delete, func, select

from core.sdk import (
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
from .schemas import LeadRow, LeadView, NoteView, Status, StatusChangeView

_NAMES = {"contact_name": contacts.name_of(Lead.contact_id), "owner_name": users.name_of(Lead.owner_id)}
_VALUE = money(Lead.value_minor, Lead.value_currency)
_TAGS = select(Tag.tag).where(Tag.lead_id == Lead.id).order_by(Tag.tag).correlate(Lead)
ROW = select(*read.columns(LeadRow, Lead, **_NAMES, value=_VALUE))
WHOLE = select(
    *read.columns(
        LeadView,
        Lead,
        **_NAMES,
        contact_email=contacts.email_of(Lead.contact_id),
        contact_phone=contacts.phone_of(Lead.contact_id),
        budget=money(Lead.budget_minor, Lead.budget_currency),
        value=_VALUE,
        tags=func.array(_TAGS.scalar_subquery(), type_=ARRAY(Text())),
    )
)
NOTE = select(*read.columns(NoteView, Note, author_name=users.name_of(Note.author_id)))
HISTORY = read.Query(
    select(*read.columns(StatusChangeView, StatusChange, author_name=users.name_of(StatusChange.author_id)))
    .where(StatusChange.lead_id == bindparam("lead_id"))
    .order_by(StatusChange.created_at, StatusChange.id),
    StatusChangeView,
)


class Leads(Repository[Lead]):
    """An agency's leads, within the caller's scope."""

    model = Lead
    permission = "leads.read"
    ownership = Ownership(Lead.owner_id, Lead.team_id)
    listing = Listing(
        filters={
            "status": Filter(Lead.status, Status, "Status in the pipeline."),
            "kind": Filter(Lead.kind, Literal["fit", "group", "corporate", "mice"], "Kind of trip."),
            "source": Filter(Lead.source, str, "Where the lead came from."),
            "tag": Filter(Tag.tag, str, "A tag of the lead.", via=Tag.lead_id),
            "owner_id": Filter(Lead.owner_id, UUID, "Owning user."),
            "team_id": Filter(Lead.team_id, UUID, "Owning team."),
            "brand_id": Filter(Lead.brand_id, UUID, "Brand."),
            "contact_id": Filter(Lead.contact_id, UUID, "Whose enquiry it is."),
            "start_date": Filter(Lead.start_date, date, "First day of travel.", RANGE),
            "next_action_at": Filter(Lead.next_action_at, Instant, "When something is due.", RANGE),
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
        search="leads.lead",
    )

    def rows(self, query: ListQuery) -> Page[LeadRow]:
        """A page of leads."""
        return self.page(query, ROW, LeadRow)

    def shown(self, lead_id: UUID) -> LeadView:
        """A lead. Raises NotFound."""
        return self.view(lead_id, WHOLE, LeadView)

    def history(self, lead_id: UUID) -> list[StatusChangeView]:
        """The steps a lead took, oldest first. Raises NotFound."""
        self.require(lead_id)
        return HISTORY.rows(lead_id=lead_id)

    def add_step(self, step: StatusChange) -> None:
        """Add to the history."""
        db.session.add(step)

    def tag(self, lead_id: UUID, tags: list[str]) -> None:
        """Replace a lead's tags."""
        db.session.execute(delete(Tag).where(Tag.lead_id == lead_id))
        db.session.add_all(Tag(lead_id=lead_id, tag=tag) for tag in dict.fromkeys(tags))
        db.session.flush()


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

    def shown(self, note_id: UUID) -> NoteView:
        """A note. Raises NotFound."""
        return self.view(note_id, NOTE, NoteView)

    def of_lead(self, note_id: UUID, *, lead_id: UUID, version: int | None) -> Note:
        """A note on a lead, for changing it. Raises NotFound, PreconditionFailed."""
        note = self.get(note_id, version=version)
        if note.lead_id != lead_id:
            raise NotFound
        return note


leads = Leads()
notes = Notes()
