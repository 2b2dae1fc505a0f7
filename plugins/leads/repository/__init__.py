"""Queries for leads, their notes and their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs
from sqlalchemy import ARRAY, Text, Uuid, bindparam, case, delete, func, null, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.interfaces import ORMOption

from core.sdk import (
    OPTIONAL,
    RANGE,
    UNSET,
    Filter,
    Instant,
    Listed,
    Listing,
    ListQuery,
    NotFound,
    Operator,
    Ownership,
    Page,
    Repository,
    Unreadable,
    db,
    merging,
    money,
    read,
    users,
    vault,
)
from plugins.contacts import api as contacts

from ..models import FIELDS, Lead, Note, StatusChange, Tag
from ..schemas import Kind, LeadRow, LeadView, Status, StatusChangeView
from ..schemas.first_response import Priority, ResponseState
from ..schemas.notes import NoteView
from ..schemas.scored import Band, ScoreValue
from .first_response import FIRST_RESPONSE
from .value import has_bought

_UNNOTICED = {"synchronize_session": False, "include_deleted": True}
_TAGS = select(Tag.tag).where(Tag.lead_id == Lead.id).order_by(Tag.tag).correlate(Lead)
_DERIVED = {
    "contact_name": contacts.name_of(Lead.contact_id),
    "owner_name": users.name_of(Lead.owner_id),
    "budget": money(Lead.budget_minor, Lead.budget_currency),
    "value": money(Lead.value_minor, Lead.value_currency),
    "tags": func.array(_TAGS.scalar_subquery(), type_=ARRAY(Text())),
    "custom_fields": FIELDS.column(),
}
ROW = select(*read.columns(LeadRow, Lead, **_DERIVED))


_REACHED = {"contact_email": contacts.email_of(Lead.contact_id), "contact_phone": contacts.phone_of(Lead.contact_id)}
_TOLD = {**_DERIVED, **_REACHED, "first_response": FIRST_RESPONSE, "repeat_client": has_bought(), "unreadable": null()}
# What cannot be read turns out when it is opened: it is no column.
WHOLE = select(*read.columns(LeadView, Lead, **_TOLD)[:-1])
NOTE = select(*read.columns(NoteView, Note, author_name=users.name_of(Note.author_id)))
STEP = select(*read.columns(StatusChangeView, StatusChange, author_name=users.name_of(StatusChange.author_id)))


def opened(view: LeadView) -> LeadView:
    """A lead that was read, with what is encrypted in clear; one statement more where anything is."""
    closed: Any = view.restrictions
    if closed is None:
        return view
    [text] = vault.reveal_readable([vault.Closed(view.id, view.contact_id, closed)], Lead.restrictions)
    if isinstance(text, Unreadable):
        # Not null: that would say that there are none.
        return structs.replace(view, restrictions=UNSET, unreadable=["restrictions"])
    return structs.replace(view, restrictions=text)


def _with_merged(of: Leads) -> read.Query[list[UUID]]:
    gone = aliased(Lead)
    merged = select(gone.id).where(gone.merged_into == Lead.id).order_by(gone.id).correlate(Lead).scalar_subquery()
    wanted = (Lead.id == bindparam("wanted_id", type_=Uuid()), Lead.deleted_at.is_(None), of.in_scope())
    statement = select(func.array(merged, type_=ARRAY(Uuid()))).where(*wanted)
    return read.Query(statement, lambda ids: ids, include_deleted=True)


class Leads(Repository[Lead]):
    """An agency's leads, within the caller's scope."""

    model = Lead
    permission = "leads.read"
    subject = "leads.lead"
    ownership = Ownership(Lead.owner_id, Lead.team_id, given_with="leads.assign")
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
            "priority": Filter(Lead.priority, Priority, "How much a first response hurries."),
            "response_state": Filter(
                Lead.response_state, ResponseState, "Whether a first response is awaited, overdue or given.", OPTIONAL
            ),
            "response_due_at": Filter(
                Lead.response_due_at,
                Instant,
                "When a first response is due that nobody has given.",
                RANGE,
                indexed=Lead.sort_response,
            ),
            "start_date": Filter(Lead.start_date, date, "First day of travel.", RANGE, indexed=Lead.sort_start),
            "next_action_at": Filter(
                Lead.next_action_at, Instant, "When something is due.", RANGE, indexed=Lead.sort_next_action
            ),
            "score": Filter(Lead.score, ScoreValue, "Score from 0 to 100.", RANGE, indexed=Lead.sort_score),
            "score_band": Filter(Lead.score_band, Band, "How promising it is, by its score.", OPTIONAL),
            "needs_action": Filter(
                Lead.needs_action, bool, "Whether it is open and nobody has said what comes next.", (Operator.EQ,)
            ),
            "created_at": Filter(Lead.created_at, Instant, "When it came in.", RANGE),
            "updated_at": Filter(Lead.updated_at, Instant, "When it last changed.", RANGE),
        },
        sorts={
            "created_at": Lead.created_at,
            "updated_at": Lead.updated_at,
            "reference": Lead.reference,
            "start_date": Lead.sort_start,
            "response_due_at": Lead.sort_response,
            "next_action_at": Lead.sort_next_action,
            "score": Lead.sort_score,
        },
        search={"leads.lead": Lead.id, "contacts.contact": Lead.contact_id},
        custom_fields=FIELDS,
    )

    def rows(self, query: ListQuery) -> Page[LeadRow]:
        """A page of leads."""
        return self.page(query, ROW, LeadRow)

    def shown(self, lead_id: UUID) -> LeadView:
        """A lead. Raises NotFound, MergedAway."""
        try:
            return opened(self.view(lead_id, WHOLE, LeadView))
        except NotFound:
            merging.refuse_merged(self, lead_id)
            raise

    def get(self, entity_id: UUID, *, version: int | None = None, options: Sequence[ORMOption] = ()) -> Lead:
        """A lead for changing it. Raises NotFound, MergedAway, PreconditionFailed."""
        try:
            return super().get(entity_id, version=version, options=options)
        except NotFound:
            merging.refuse_merged(self, entity_id)
            raise

    def require(self, entity_id: UUID) -> None:
        """Raise NotFound or MergedAway unless the caller can see it."""
        self.with_merged(entity_id)

    def with_merged(self, lead_id: UUID) -> list[UUID]:
        """A lead's id, and those of the leads that went into it: one timeline. Raises NotFound, MergedAway."""
        query = self.prepared(("with_merged", self.scope()), lambda: _with_merged(self))
        found = query.first(wanted_id=lead_id, **self.scope_values())
        if found is None:
            merging.refuse_merged(self, lead_id)
            raise NotFound
        return [lead_id, *found]

    def written(self, lead_id: UUID) -> LeadView:
        """A lead the caller has just written, even where that took it out of their scope."""
        return opened(self.view_after_change(lead_id, WHOLE, LeadView))

    def settle_next_action(self, lead_id: UUID) -> None:
        """Have a lead's next action be the first task about it, or else what somebody said."""
        db.session.flush()
        action = func.coalesce(Lead.next_task_at, Lead.own_action_at)
        settled = update(Lead).where(Lead.id == lead_id).values(next_action_at=action, updated_at=Lead.updated_at)
        db.session.execute(settled, execution_options=_UNNOTICED)

    def first_task(self, lead_id: UUID, due_at: datetime | None) -> None:
        """Say when the first open task about a lead is due; whoever is changing the lead is not disturbed by that."""
        told = update(Lead).where(Lead.id == lead_id)
        action = func.coalesce(due_at, Lead.own_action_at)
        values = {"next_task_at": due_at, "next_action_at": action, "updated_at": Lead.updated_at}
        db.session.execute(told.values(values), execution_options=_UNNOTICED)

    def without_action(self) -> list[tuple[UUID | None, UUID | None, int]]:
        """How many open leads have no next action, of each owner, and of each team where nobody owns them."""
        team_id = case((Lead.owner_id.is_(None), Lead.team_id))
        waiting = select(Lead.owner_id, team_id, func.count()).where(Lead.needs_action)
        found = db.session.execute(waiting.group_by(Lead.owner_id, team_id).order_by(Lead.owner_id, team_id))
        return [(owner_id, team, count) for owner_id, team, count in found]

    def lock(self, lead_id: UUID) -> None:
        """Have others who change a lead wait for this unit of work; what is loaded next is as they left it."""
        db.session.execute(select(Lead.id).where(Lead.id == lead_id).with_for_update())

    def anybodys(self, lead_id: UUID) -> Lead | None:
        """A lead, deleted or not, whether or not the caller may see it."""
        mine = select(Lead).where(Lead.id == lead_id)
        return db.session.scalar(mine, execution_options={"include_deleted": True})

    def are_of(self, contact_id: UUID) -> bool:
        """Whether any lead is a contact's, whether or not the caller may see it."""
        return db.session.scalar(select(Lead.id).where(Lead.contact_id == contact_id).limit(1)) is not None

    def tag(self, lead_id: UUID, tags: list[str]) -> None:
        """Replace a lead's tags."""
        db.session.execute(delete(Tag).where(Tag.lead_id == lead_id))
        self.add_tags(lead_id, tags)
        db.session.flush()

    def tags_of(self, lead_id: UUID) -> list[str]:
        """A lead's tags, in order."""
        return [*db.session.scalars(select(Tag.tag).where(Tag.lead_id == lead_id).order_by(Tag.tag))]

    def add_tags(self, lead_id: UUID, tags: list[str]) -> None:
        """Give a lead that has none its tags, with what is flushed next."""
        db.session.add_all(Tag(lead_id=lead_id, tag=tag) for tag in dict.fromkeys(tags))


class Standing(NamedTuple):
    """A lead's reference, whose it is now, and how far it has come."""

    reference: str
    owner_id: UUID | None
    team_id: UUID | None
    status: str


_STANDING = read.Query(
    select(Lead.reference, Lead.owner_id, Lead.team_id, Lead.status).where(
        Lead.id == bindparam("lead_id", type_=Uuid())
    ),
    Standing,
)


def standing(lead_id: UUID) -> Standing | None:
    """How a lead stands, whether or not the caller may see it; None where it was put away."""
    return _STANDING.first(lead_id=lead_id)


class Steps(Repository[StatusChange]):
    """The steps one lead took through the pipeline; who may see the lead may see them."""

    model = StatusChange
    permission = "leads.read"
    listing = Listing(filters={}, sorts={"created_at": StatusChange.created_at}, default_sort="created_at")

    def rows(self, lead_ids: list[UUID], query: ListQuery) -> Page[StatusChangeView]:
        """A page of the steps of leads."""
        return self.page(query, STEP, StatusChangeView, within={StatusChange.lead_id: lead_ids})


class Notes(Repository[Note]):
    """The notes on one lead; who may see the lead may see them."""

    model = Note
    permission = "leads.read"
    listing = Listing(
        filters={"pinned": Filter(Note.pinned, bool, "Whether it is kept on top.")},
        sorts={"created_at": Note.created_at},
    )

    def rows(self, lead_ids: list[UUID], query: ListQuery) -> Page[NoteView]:
        """A page of the notes on leads."""
        return self.page(query, NOTE, NoteView, within={Note.lead_id: lead_ids})

    def shown(self, note_id: UUID, *, on: list[UUID]) -> NoteView:
        """A note on one of these leads. Raises NotFound."""
        note = self.view(note_id, NOTE, NoteView)
        if note.lead_id not in on:
            raise NotFound
        return note

    def written(self, note_id: UUID) -> NoteView:
        """A note the caller has just written."""
        return self.view_after_change(note_id, NOTE, NoteView)

    def of_leads(self, note_id: UUID, *, on: list[UUID], version: int | None) -> Note:
        """A note on one of these leads, for changing it. Raises NotFound, PreconditionFailed."""
        note = self.get(note_id, version=version)
        if note.lead_id not in on:
            raise NotFound
        return note


leads = Leads()
steps = Steps()
notes = Notes()
LEADS = Listed("Leads", leads, LeadRow, leads.rows, FIELDS)
