"""The things that rows became: whose they are now, and whether anybody has done anything with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Table, Uuid, any_, func, literal, or_, select
from sqlalchemy.orm import aliased

from core.db.base import Model
from core.db.repository import repository_of
from core.db.tenancy import current_agency_id
from core.events.models import EventEntry
from core.extensions import db
from core.imports.models import ImportRow


def lock(entity: str, entity_ids: Sequence[UUID]) -> None:
    """Keep everybody else from changing these things, in one order for all, and from pointing at them."""
    rows = repository_of(entity)
    if rows is not None:
        model = rows.model
        locked = select(model.id).where(model.id.in_(entity_ids)).order_by(model.id).with_for_update()
        db.session.execute(locked, execution_options={"include_deleted": True})


def touched(kinds: Mapping[str, Sequence[UUID]], *, told_as: str) -> set[UUID]:
    """Those of these things that somebody did anything to since, but as `told_as`, or that anything is about."""
    every = [each for some in kinds.values() for each in some]
    wanted = literal(every, ARRAY(Uuid()))
    entry = EventEntry
    events = select(entry.subject_id).where(
        entry.subject_id == any_(wanted), entry.actor_kind != "system", entry.request_id.is_distinct_from(told_as)
    )
    found = set(db.session.scalars(events.distinct()))
    connection = db.session.connection()
    for table in _about_anything():
        for kind, some in kinds.items():
            about = select(table.c.subject_id).where(
                table.c.agency_id == current_agency_id(), table.c.subject == kind, table.c.subject_id.in_(some)
            )
            found |= set(connection.execute(about.distinct()).scalars())
    return found


def known_as(entity: str, entity_ids: Sequence[UUID]) -> list[UUID]:
    """These ids, and those of whatever these things were merged with."""
    rows = repository_of(entity)
    model: Any = rows.model if rows is not None else None
    if not entity_ids or not hasattr(model, "merged_into"):
        return [*entity_ids]
    asked = aliased(model)
    stay = select(func.coalesce(asked.merged_into, asked.id)).where(asked.id.in_(entity_ids))
    every = select(model.id).where(or_(model.id.in_(stay), model.merged_into.in_(stay)))
    return [*{*entity_ids, *db.session.scalars(every, execution_options={"include_deleted": True})}]


def _about_anything() -> list[Table]:
    """The tables of plugins whose rows are about anything, as tasks are."""
    return [
        table
        for table in Model.metadata.sorted_tables
        if {"agency_id", "subject", "subject_id"} <= set(table.c.keys()) and not table.name.startswith("core_")
    ]


def owners_of(import_id: UUID, entity: str) -> set[UUID]:
    """Whose the things now are that an import made."""
    rows = repository_of(entity)
    if rows is None or rows.ownership is None:
        return set()
    made_here = select(ImportRow.entity_id).where(ImportRow.import_id == import_id, ImportRow.state == "created")
    owner: Any = rows.ownership.owner
    found = db.session.scalars(select(owner).where(rows.model.id.in_(made_here), owner.is_not(None)).distinct())
    return set(found)
