"""Merges of leads, and the leads they are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from core.sdk import Listing, ListQuery, Page, Repository, clock, db, merging, read, users

from ..models import Lead, Merge, Tag
from . import leads

MERGE = select(
    *read.columns(merging.MergeView, Merge, into_id=Merge.lead_id, merged_by_name=users.name_of(Merge.merged_by))
)
_DELETED = {"include_deleted": True}


class Merges(Repository[Merge]):
    """What went into leads and can still come out."""

    model = Merge
    permission = "leads.read"
    listing = Listing(filters={}, sorts={"created_at": Merge.created_at}, default_sort="-created_at")

    def rows(self, lead_id: UUID, query: ListQuery) -> Page[merging.MergeView]:
        """A page of what went into a lead."""
        return self.page(query, MERGE, merging.MergeView, within={Merge.lead_id: lead_id})

    def written(self, merge_id: UUID) -> merging.MergeView:
        """A merge that was just made."""
        return self.view_after_change(merge_id, MERGE, merging.MergeView)

    def locked(self, merge_id: UUID) -> Merge | None:
        """A merge that nobody else undoes before this unit of work ends; None where somebody has."""
        mine = select(Merge).where(Merge.id == merge_id).with_for_update()
        return db.session.scalar(mine, execution_options={"populate_existing": True})

    def before(self, before: datetime, *, but: Sequence[UUID], most: int) -> Sequence[Merge]:
        """Merges of before an instant, those of some people left out."""
        return db.session.scalars(select(Merge).where(*_old(before, but)).order_by(Merge.created_at).limit(most)).all()

    def count_before(self, before: datetime, *, but: Sequence[UUID]) -> int:
        """How many those are."""
        return db.session.scalar(select(func.count()).select_from(Merge).where(*_old(before, but))) or 0


def _old(before: datetime, but: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    return (Merge.created_at < before, Merge.contact_id.not_in(but), Merge.other_contact_id.not_in(but))


def pair(lead_id: UUID, other_id: UUID) -> tuple[Lead | None, Lead | None]:
    """Two leads, deleted or not, that nobody else changes before this unit of work ends.

    The one the caller may not see is None, but for what went into the first: that is whose the first is.
    """
    seen = or_(leads.in_scope(), Lead.merged_into == lead_id)
    mine = select(Lead).where(Lead.id.in_((lead_id, other_id)), seen)
    # In one order, whichever of the two is to stay.
    locked = mine.order_by(Lead.id).with_for_update()
    options = {**_DELETED, "populate_existing": True}
    found = {each.id: each for each in db.session.scalars(locked, leads.scope_values(), execution_options=options)}
    return found.get(lead_id), found.get(other_id)


def clients_of(lead_ids: Collection[UUID]) -> set[UUID]:
    """Whose enquiries leads are."""
    return set(db.session.scalars(select(Lead.contact_id).where(Lead.id.in_(lead_ids))))


def merged_into(lead_id: UUID) -> list[UUID]:
    """The leads that went into one."""
    mine = select(Lead.id).where(Lead.merged_into == lead_id).order_by(Lead.id)
    return list(db.session.scalars(mine, execution_options=_DELETED))


def references_in(lead_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The references of what went into leads, which find these."""
    mine = select(Lead.merged_into, Lead.reference).where(Lead.merged_into.in_(lead_ids)).order_by(Lead.reference)
    found: dict[UUID, list[str]] = {}
    for into, reference in db.session.execute(mine, execution_options=_DELETED):
        if into is not None:
            found.setdefault(into, []).append(reference)
    return found


def point(ids: Sequence[UUID], *, away_from: UUID, at: UUID) -> None:
    """Let leads that went into one say that they went into another."""
    mine = update(Lead).where(Lead.id.in_(ids), Lead.merged_into == away_from)
    # Nothing else of them changes: they are at nobody's hands.
    moved = mine.values(merged_into=at, version=Lead.version, updated_at=Lead.updated_at)
    db.session.execute(moved, execution_options=_DELETED)


def follow(contact_id: UUID, *, to: UUID, only: Sequence[UUID] | None = None) -> list[Lead]:
    """Let the leads of a contact, or those among some, be another one's, deleted ones included; which those are."""
    mine = select(Lead).where(Lead.contact_id == contact_id).order_by(Lead.id)
    if only is not None:
        mine = mine.where(Lead.id.in_(only))
    # Entities: what is sealed with one person's key is sealed with the other's by the session.
    found = db.session.scalars(mine, execution_options=_DELETED).all()
    for lead in found:
        lead.contact_id, lead.updated_at = to, clock.now()
    db.session.flush()
    return list(found)


def crossing(contact_id: UUID, some: Sequence[UUID]) -> bool:
    """Whether any lead of a contact that is among some is one with a lead that is not."""
    across = Lead.id.in_(some) != Lead.merged_into.in_(some)
    found = select(Lead.id).where(Lead.contact_id == contact_id, Lead.merged_into.is_not(None), across).limit(1)
    return db.session.scalar(found, execution_options=_DELETED) is not None


def go_along(lead_id: UUID, *, to: UUID) -> None:
    """Let what went into a lead, and what it takes to be undone, be of the contact whose enquiry the lead is now."""
    gone = db.session.scalars(select(Lead).where(Lead.merged_into == lead_id), execution_options=_DELETED).all()
    for lead in gone:
        lead.contact_id = to
    for merge in db.session.scalars(select(Merge).where(Merge.lead_id.in_([lead_id, *(lead.id for lead in gone)]))):
        merge.contact_id = merge.other_contact_id = to


def untag(lead_id: UUID, tags: Collection[str]) -> None:
    """Take some tags from a lead."""
    db.session.execute(delete(Tag).where(Tag.lead_id == lead_id, Tag.tag.in_(tags)))


def forget(merge: Merge) -> None:
    """Remove what a merge takes to be undone."""
    db.session.execute(delete(Merge).where(Merge.id == merge.id))


merges = Merges()
