"""Merges of contacts, and the contacts they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from core.sdk import Listing, ListQuery, Page, Repository, db, merging, read, users

from ..models import Contact, Merge
from . import REACHED, contacts

MERGE = select(
    *read.columns(merging.MergeView, Merge, into_id=Merge.contact_id, merged_by_name=users.name_of(Merge.merged_by))
)
_DELETED = {"include_deleted": True}


class Merges(Repository[Merge]):
    """What went into contacts and can still come out."""

    model = Merge
    permission = "contacts.read"
    listing = Listing(filters={}, sorts={"created_at": Merge.created_at}, default_sort="-created_at")

    def rows(self, contact_id: UUID, query: ListQuery) -> Page[merging.MergeView]:
        """A page of what went into a contact."""
        return self.page(query, MERGE, merging.MergeView, within={Merge.contact_id: contact_id})

    def written(self, merge_id: UUID) -> merging.MergeView:
        """A merge that was just made."""
        return self.view_after_change(merge_id, MERGE, merging.MergeView)

    def locked(self, merge_id: UUID) -> Merge | None:
        """A merge that nobody else undoes before this unit of work ends; None where somebody has."""
        mine = select(Merge).where(Merge.id == merge_id).with_for_update()
        return db.session.scalar(mine, execution_options={"populate_existing": True})

    def of_people(self, ids: Sequence[UUID]) -> Sequence[Merge]:
        """The merges that contacts were part of."""
        return db.session.scalars(select(Merge).where(or_(Merge.contact_id.in_(ids), Merge.other_id.in_(ids)))).all()

    def before(self, before: datetime, *, but: Sequence[UUID], most: int) -> Sequence[Merge]:
        """Merges of before an instant, those of some contacts left out."""
        return db.session.scalars(select(Merge).where(*_old(before, but)).order_by(Merge.created_at).limit(most)).all()

    def count_before(self, before: datetime, *, but: Sequence[UUID]) -> int:
        """How many those are."""
        return db.session.scalar(select(func.count()).select_from(Merge).where(*_old(before, but))) or 0


def _old(before: datetime, but: Sequence[UUID]) -> tuple[ColumnElement[bool], ...]:
    return (Merge.created_at < before, Merge.contact_id.not_in(but), Merge.other_id.not_in(but))


def pair(contact_id: UUID, other_id: UUID) -> tuple[Contact | None, Contact | None]:
    """Two contacts with their addresses, deleted or not, that nobody else changes before this unit of work ends.

    The one the caller may not see is None, but for what went into the first: that is whose the first is.
    """
    seen = or_(contacts.in_scope(), Contact.merged_into == contact_id)
    mine = select(Contact).where(Contact.id.in_((contact_id, other_id)), seen)
    options = {**_DELETED, "populate_existing": True}
    # In one order, whichever of the two is to stay.
    locked = mine.order_by(Contact.id).with_for_update().options(*REACHED)
    found = {each.id: each for each in db.session.scalars(locked, contacts.scope_values(), execution_options=options)}
    return found.get(contact_id), found.get(other_id)


def merged_into(contact_id: UUID) -> list[UUID]:
    """The contacts that went into one."""
    mine = select(Contact.id).where(Contact.merged_into == contact_id).order_by(Contact.id)
    return list(db.session.scalars(mine, execution_options=_DELETED))


def point(ids: Sequence[UUID], *, away_from: UUID, at: UUID) -> None:
    """Let contacts that went into one say that they went into another."""
    mine = update(Contact).where(Contact.id.in_(ids), Contact.merged_into == away_from)
    # Nothing else of them changes: they are at nobody's hands.
    moved = mine.values(merged_into=at, version=Contact.version, updated_at=Contact.updated_at)
    db.session.execute(moved, execution_options=_DELETED)


def same_person(contact_id: UUID) -> Sequence[Contact]:
    """A contact and all it was merged with, with their addresses; whether or not the caller may see them."""
    asked = aliased(Contact)
    stays = select(func.coalesce(asked.merged_into, asked.id)).where(asked.id == contact_id).scalar_subquery()
    every = select(Contact).where(or_(Contact.id == stays, Contact.merged_into == stays))
    return db.session.scalars(every.options(*REACHED).order_by(Contact.id), execution_options=_DELETED).all()


def known_as(ids: Sequence[UUID]) -> list[UUID]:
    """The ids of contacts and of all they were merged with."""
    asked = aliased(Contact)
    stay = select(func.coalesce(asked.merged_into, asked.id)).where(asked.id.in_(ids))
    every = select(Contact.id).where(or_(Contact.id.in_(stay), Contact.merged_into.in_(stay)))
    return [*{*ids, *db.session.scalars(every, execution_options=_DELETED)}]


def forget(merge: Merge) -> None:
    """Remove what a merge takes to be undone."""
    db.session.execute(delete(Merge).where(Merge.id == merge.id))


merges = Merges()
