"""The fields of the acting agency as every read and write needs them: at most a second old, or as they are now."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import Text, bindparam, select

from core.custom_fields.kinds import Definition
from core.custom_fields.models import CustomField
from core.custom_fields.permissions import SEE_RESTRICTED
from core.db import read
from core.db.tenancy import current_agency_id
from core.disclosure import actor_sees

TTL = 1.0
"""Seconds a process goes on with what it last read."""
_BOUND = 10_000
_known: dict[tuple[UUID, str], tuple[float, tuple[Definition, ...]]] = {}
_OF = read.Query(
    select(*read.columns(Definition, CustomField))
    .where(CustomField.entity == bindparam("entity", type_=Text()), CustomField.archived.is_(False))
    .order_by(CustomField.position, CustomField.id),
    Definition,
)


def of(entity: str) -> tuple[Definition, ...]:
    """The fields of an entity that are in use, in their order; at most TTL seconds old."""
    until, found = _known.get((current_agency_id(), entity), (0.0, ()))
    return found if time.monotonic() < until else now(entity)


def now(entity: str) -> tuple[Definition, ...]:
    """The same as they are."""
    place = (current_agency_id(), entity)
    asked = time.monotonic()
    found = tuple(_OF.rows(entity=entity))
    if len(_known) >= _BOUND:
        _known.clear()
    _known[place] = (asked + TTL, found)
    return found


def forget(agency_id: UUID, entity: str) -> None:
    """Read them again at the next question."""
    _known.pop((agency_id, entity), None)


def is_seen(definition: Definition) -> bool:
    """Whether the acting one sees a field."""
    return definition.seen_by == "everybody" or sees_restricted()


def sees_restricted() -> bool:
    """Whether the acting one sees fields that are not for everybody."""
    return actor_sees(SEE_RESTRICTED.name)
