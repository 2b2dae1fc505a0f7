"""Values of an agency's own fields, written with the thing they are of: in its flush, and told in its own event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from core import bulk
from core.custom_fields import kinds
from core.custom_fields.kinds import COLUMNS, Definition, Stored
from core.custom_fields.models import SHOWN, CustomValue
from core.custom_fields.schemas import Value
from core.db.tenancy import current_agency_id
from core.events import changes
from core.events.changes import REDACTED
from core.extensions import db

_KEY = "custom_fields.pending"
_with_fields: set[type[Any]] = set()
_TABLE = CustomValue.metadata.tables[CustomValue.__tablename__]


class Change(NamedTuple):
    """What becomes of one field; no rows where its value goes."""

    definition: Definition
    rows: list[Stored]


class _Pending(NamedTuple):
    entity: Any
    changes: Sequence[Change]
    is_new: bool


def watch(model: type[Any]) -> None:
    """Values of these rows are removed with them."""
    _with_fields.add(model)


def leave(entity: Any, changed: Sequence[Change]) -> None:
    """Write values with the entity's next flush."""
    is_new = inspect(entity).key is None
    db.session().info.setdefault(_KEY, []).append(_Pending(entity, changed, is_new))


def _remove(session: Session, entity_ids: Sequence[UUID]) -> None:
    gone = delete(_TABLE).where(_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id.in_(entity_ids))
    session.connection().execute(gone)


def _write(session: Session, pending: _Pending) -> None:
    entity_id: UUID = pending.entity.id
    before: dict[str, Any] = {}
    if not pending.is_new:
        ids = [each.definition.id for each in pending.changes]
        mine = (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == entity_id, _TABLE.c.field_id.in_(ids))
        gone = session.connection().execute(delete(_TABLE).where(*mine).returning(*SHOWN, CustomValue.place))
        before = kinds.show(row[:-1] for row in sorted(gone.all(), key=lambda row: row.place))
    rows = [row for each in pending.changes for row in _rows(each, entity_id)]
    if rows:
        bulk.insert(CustomValue, rows)
    told = [each.definition for each in pending.changes]
    tell(pending.entity, told, before=before, after=kinds.show(_shown(row) for row in rows))


def _rows(change: Change, entity_id: UUID) -> Iterator[dict[str, Any]]:
    definition = change.definition
    for place, value in enumerate(change.rows):
        yield {
            "entity_id": entity_id,
            "field_id": definition.id,
            "place": place,
            "key": definition.key,
            "kind": definition.kind,
            "decimals": definition.decimals,
            **dict.fromkeys(("text_value", "number_value", "day_value")),
            COLUMNS[definition.kind]: value,
        }


def _shown(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["key"], row["kind"], row["decimals"], str(row[COLUMNS[row["kind"]]]))


def tell(
    entity: Any, changed: Iterable[Definition], *, before: Mapping[str, Value], after: Mapping[str, Value]
) -> None:
    """Have the entity's next event tell which fields changed, by the values of all of them, and none of those."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    for key in (each.key for each in changed):
        name = f"custom_fields.{key}"
        if before.get(key) == after.get(key):
            continue
        if key in before:
            was[name] = REDACTED
        # The log stays as it is, and what an agency says of a field does not: it may become personal, or restricted.
        now[name] = REDACTED if key in after else None
    changes.note(entity, before=was, after=now)


@event.listens_for(db.session, "after_flush")
def _flushed(session: Session, flush_context: UOWTransaction) -> None:
    pending: list[_Pending] = session.info.get(_KEY, [])
    # What a service has not added yet is written by the flush that writes the thing itself.
    ready = [each for each in pending if each.entity in session]
    session.info[_KEY] = [each for each in pending if each not in ready]
    for each in ready:
        _write(session, each)
    removed = [each.id for each in session.deleted if type(each) in _with_fields]
    if removed:
        _remove(session, removed)


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, previous: object) -> None:
    session.info.pop(_KEY, None)
