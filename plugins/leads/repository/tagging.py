"""Queries for the tags of many leads at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, delete, func, select, update

from core.sdk import clock, db, read

from ..models import Lead, Tag
from . import leads

_UNNOTICED = {"synchronize_session": False}


class Tagged(NamedTuple):
    """What a lead is found by."""

    id: UUID
    version: int
    reference: str
    departure_city: str | None
    occasion: str | None
    destinations: list[str]
    tags: list[str]


def _build() -> read.Query[Tagged]:
    tags = select(Tag.tag).where(Tag.lead_id == Lead.id).order_by(Tag.tag).correlate(Lead).scalar_subquery()
    own = (getattr(Lead, name) for name in Tagged._fields[:-1])
    found = select(*own, func.array(tags, type_=ARRAY(Text())))
    wanted = Lead.id == any_(bindparam("lead_ids", type_=ARRAY(Uuid())))
    return read.Query(found.where(wanted, leads.in_scope()), Tagged)


def among(lead_ids: Sequence[UUID]) -> dict[UUID, Tagged]:
    """Those of these leads that the caller may change, by id."""
    query = leads.prepared(("tagged", leads.scope()), _build)
    return {each.id: each for each in query.rows(lead_ids=list(lead_ids), **leads.scope_values())}


def merged_away(lead_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Into which lead those of these went that the caller sees, and that went into one."""
    if not lead_ids:
        return {}
    gone = select(Lead.id, Lead.merged_into).where(
        Lead.id.in_(lead_ids), Lead.merged_into.is_not(None), leads.in_scope()
    )
    found = db.session.execute(gone, leads.scope_values(), execution_options={"include_deleted": True})
    return {lead_id: into for lead_id, into in found if into is not None}


def give(new: Sequence[tuple[UUID, str]]) -> None:
    """Give leads tags that they do not have."""
    db.session.add_all(Tag(lead_id=lead_id, tag=tag) for lead_id, tag in new)


def take(lead_ids: Collection[UUID], tags: Collection[str]) -> None:
    """Take tags from leads."""
    db.session.execute(delete(Tag).where(Tag.lead_id.in_(lead_ids), Tag.tag.in_(tags)))


def touch(lead_ids: Collection[UUID]) -> None:
    """Move the versions of leads, which are theirs as a whole, tags included."""
    moved = update(Lead).where(Lead.id.in_(lead_ids)).values(version=Lead.version + 1, updated_at=clock.now())
    db.session.execute(moved, execution_options=_UNNOTICED)
