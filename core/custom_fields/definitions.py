"""The fields of the acting agency as every read and write needs them: at most a second old, or as they are now."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from uuid import UUID

from sqlalchemy import Text, bindparam, event, select
from sqlalchemy.orm import Session, SessionTransaction

from core.custom_fields.kinds import Definition
from core.custom_fields.models import CustomField
from core.custom_fields.permissions import SEE_RESTRICTED
from core.db import closing, read
from core.db.session import in_snapshot
from core.db.tenancy import current_agency_id
from core.disclosure import actor_sees
from core.extensions import db
from core.plugins import agencies

TTL = 1.0
"""Seconds a process goes on with what it last read."""
_BOUND = 10_000
_KEY = "custom_fields.changing"
_together: ContextVar[dict[str, tuple[Definition, ...]] | None] = ContextVar("fields known together", default=None)
_forgotten = 0
"""How often something was forgotten."""
_known: dict[tuple[UUID, str], tuple[float, tuple[Definition, ...]]] = {}
_COLUMNS = select(*read.columns(Definition, CustomField))
_OF = read.Query(
    _COLUMNS.where(CustomField.entity == bindparam("entity", type_=Text()), CustomField.archived.is_(False)).order_by(
        CustomField.position, CustomField.id
    ),
    Definition,
)


def of(entity: str) -> tuple[Definition, ...]:
    """The fields of an entity that are in use, in their order; at most TTL seconds old."""
    until, found = _known.get((current_agency_id(), entity), (0.0, ()))
    return found if time.monotonic() < until and not _is_changing(entity) else _read(entity)


def now(entity: str) -> tuple[Definition, ...]:
    """The same as they are; inside `once`, as they were when first asked for."""
    together = _together.get()
    if together is None:
        return _read(entity)
    if entity not in together:
        together[entity] = of(entity)
    return together[entity]


@contextmanager
def once() -> Iterator[None]:
    """Let everything inside, which is one answer, know the same fields: those of an entity are read once at most."""
    before = _together.set({})
    try:
        yield
    finally:
        _together.reset(before)


def _read(entity: str) -> tuple[Definition, ...]:
    asked, forgotten = time.monotonic(), _forgotten
    found = tuple(_OF.rows(entity=entity))
    # What has changed since, or may not be committed, must not be taken for what is.
    if forgotten == _forgotten and not in_snapshot() and not _is_changing(entity):
        if len(_known) >= _BOUND:
            _known.clear()
        _known[current_agency_id(), entity] = (asked + TTL, found)
    return found


def held(field_ids: Collection[UUID]) -> dict[UUID, Definition]:
    """Fields as they are, archived ones too; nobody changes them before the unit of work ends."""
    if not field_ids:
        return {}
    mine = (CustomField.agency_id == current_agency_id(), CustomField.id.in_(field_ids))
    # As the foreign key of a value holds them: who changes a field waits, who writes another value does not.
    rows = _COLUMNS.where(*mine).order_by(CustomField.id).with_for_update(read=True, key_share=True)
    return {row.id: Definition(*row) for row in db.session().connection().execute(rows)}


def are_there(entity: str) -> bool:
    """Whether the agency may have fields; of the first one another process knows within a second."""
    return _is_changing(entity) or agencies.has_fields(entity, current_agency_id())


def change(entity: str) -> None:
    """Read them again: the running unit of work changes them."""
    db.session().info.setdefault(_KEY, set()).add(entity)
    closing.of(db.session()).then(partial(_forget, current_agency_id(), entity))


def _is_changing(entity: str) -> bool:
    return db.session.registry.has() and entity in db.session().info.get(_KEY, ())


def _forget(agency_id: UUID, entity: str) -> None:
    global _forgotten  # noqa: PLW0603 - beside the memory it belongs to
    _forgotten += 1
    _known.pop((agency_id, entity), None)
    agencies.forget(agency_id)


@event.listens_for(db.session, "after_transaction_end")
def _end(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_KEY, None)


def is_seen(definition: Definition) -> bool:
    """Whether the acting one sees a field."""
    return definition.seen_by == "everybody" or sees_restricted()


def sees_restricted() -> bool:
    """Whether the acting one sees fields that are not for everybody."""
    return actor_sees(SEE_RESTRICTED.name)
