"""Values of an agency's own fields when two rows become one, and when they come apart again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, delete, exists, insert, literal, select

from core.custom_fields import definitions, kinds, writing
from core.custom_fields.kinds import Definition
from core.custom_fields.models import SHOWN, CustomValue
from core.custom_fields.schemas import Value
from core.db.tenancy import current_agency_id
from core.extensions import db

_TABLE = CustomValue.metadata.tables[CustomValue.__tablename__]
_COPIED = [
    each.name for each in _TABLE.columns if each.computed is None and each.name not in {"agency_id", "entity_id"}
]


def take_over(entity: Any, other_id: UUID, *, name: str) -> list[UUID]:
    """Give a row, of what is called `name`, the values that only another one has, which keeps them; of which fields."""
    theirs, mine = _TABLE.alias("theirs"), _TABLE.alias("mine")
    agency_id, entity_id = current_agency_id(), entity.id
    same = (mine.c.agency_id == agency_id, mine.c.entity_id == entity_id, mine.c.field_id == theirs.c.field_id)
    copied = select(theirs.c.agency_id, literal(entity_id, Uuid()), *(theirs.c[each] for each in _COPIED)).where(
        theirs.c.agency_id == agency_id, theirs.c.entity_id == other_id, ~exists(select(mine.c.field_id).where(*same))
    )
    added = insert(_TABLE).from_select(["agency_id", "entity_id", *_COPIED], copied)
    rows = [*db.session.connection().execute(added.returning(_TABLE.c.field_id, *SHOWN))]
    taken = list(dict.fromkeys(row[0] for row in rows))
    writing.tell(entity, _known(name, taken), before={}, after=kinds.show(row[1:] for row in rows))
    return taken


def are_touched(entity_id: UUID, other_id: UUID, fields: Collection[UUID]) -> bool:
    """Whether a row says something else by now in fields that it took over."""
    return bool(fields) and _values(entity_id, fields) != _values(other_id, fields)


def give_back(entity: Any, fields: Collection[UUID], *, name: str) -> None:
    """Take from a row what it took over; whoever had it has it still."""
    if not fields:
        return
    mine = (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == entity.id, _TABLE.c.field_id.in_(fields))
    rows = db.session.connection().execute(delete(_TABLE).where(*mine).returning(*SHOWN))
    writing.tell(entity, _known(name, fields), before=kinds.show(rows), after={})


def _values(entity_id: UUID, fields: Collection[UUID]) -> dict[str, Value]:
    mine = (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == entity_id, _TABLE.c.field_id.in_(fields))
    return kinds.show(db.session.connection().execute(select(*SHOWN).where(*mine).order_by(_TABLE.c.place)))


def _known(name: str, fields: Collection[UUID]) -> Iterable[Definition]:
    # Of those that are archived the log tells nothing.
    return [each for each in definitions.now(name) if each.id in fields] if fields else []
