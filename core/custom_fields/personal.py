"""What the values of an agency's own fields say about people: told and erased with the things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, delete, exists, func, literal, select

from core.custom_fields.models import CustomField, CustomValue
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.privacy.subjects import Holding, Outcome, Subject

KEPT = "The agency says of these fields that they tell nothing about people"
_TABLE = CustomValue.metadata.tables[CustomValue.__tablename__]
_FIELD = CustomField.metadata.tables[CustomField.__tablename__]
_UNSAID = frozenset({"agency_id", "text_start"})


def held(subject: Subject) -> list[Holding]:
    """The values of everything that is about a person, whoever may see them."""
    mine = select(_TABLE).where(*_of(subject.rows)).order_by(_TABLE.c.entity_id, _TABLE.c.field_id, _TABLE.c.place)
    return [_holding({**row}) for row in db.session.connection().execute(mine).mappings()]


def erased(subject: Subject) -> list[Outcome]:
    """Erase them, but those of fields that say nothing about people."""
    count = forget(subject.rows)
    left = select(func.count()).select_from(_TABLE).where(*_of(subject.rows))
    return [
        Outcome(table=str(_TABLE.name), rows=count),
        Outcome(table=str(_TABLE.name), rows=db.session.connection().execute(left).scalar_one(), kept=KEPT),
    ]


def forget(entity_ids: Iterable[UUID]) -> int:
    """Erase the personal values of things; how many rows they were."""
    return db.session.connection().execute(delete(_TABLE).where(*_of(entity_ids), _is_personal())).rowcount


def said_of(entity_id: Any) -> ColumnElement[bool]:
    """Whether a thing has a personal value, as a condition of a statement about such things."""
    found = select(CustomValue.entity_id).join(CustomField, CustomField.id == CustomValue.field_id)
    mine = found.where(CustomValue.entity_id == entity_id, CustomField.personal.is_(True))
    return exists(mine.correlate_except(CustomValue, CustomField))


def _of(entity_ids: Iterable[UUID]) -> tuple[ColumnElement[bool], ...]:
    wanted = literal(list(entity_ids), ARRAY(Uuid()))
    return (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == any_(wanted))


def _is_personal() -> ColumnElement[bool]:
    mine = (_FIELD.c.agency_id == _TABLE.c.agency_id, _FIELD.c.id == _TABLE.c.field_id, _FIELD.c.personal)
    return exists(select(_FIELD.c.id).where(*mine))


def _holding(row: Mapping[str, Any]) -> Holding:
    values = {name: msgspec.to_builtins(value) for name, value in row.items() if name not in _UNSAID}
    # A value has no id of its own.
    row_id = uuid5(row["field_id"], f"{row['entity_id']}:{row['place']}")
    return Holding(table=str(_TABLE.name), row_id=row_id, values=values)
