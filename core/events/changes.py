"""What a unit of work changed in an entity: the before and after of its columns, without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import History

from core.db.base import Versioned
from core.db.personal import is_redacted
from core.extensions import db

REDACTED = "[personal]"
BOOKKEEPING = frozenset({"agency_id", "version", "created_at", "updated_at"})
_KEY = "changes_before_flush"


class Changed(msgspec.Struct, frozen=True):
    """What one statement changed in many rows alike, none of which was loaded: columns, before and after."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


def of(entity: Versioned | Changed) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The columns that changed in this unit of work, before and after; `(None, all)` for a new row."""
    if isinstance(entity, Changed):
        return msgspec.to_builtins(entity.before), msgspec.to_builtins(entity.after)
    remembered = db.session.info.get(_KEY, {}).get(id(entity), ({}, {}))
    before, after = dict(remembered[0]), dict(remembered[1])
    _collect(entity, before, after)
    return (before or None), (after or None)


def note(entity: Versioned, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Have an entity's next event tell what else of it changed, in rows beside its own. Nothing personal."""
    known = db.session.info.setdefault(_KEY, {}).setdefault(id(entity), ({}, {}, entity))
    for name, value in before.items():
        known[0].setdefault(name, value)
    known[1].update(after)


def _collect(entity: Versioned, before: dict[str, Any], after: dict[str, Any]) -> None:
    state = inspect(entity)
    columns = _columns(state.mapper)
    # Only what was set since the last flush: asking each of forty attributes for its history costs more than the flush.
    changed = [name for name in state.committed_state if name in columns]
    if not state.has_identity:
        # A new row was nothing before.
        after.update({name: _plain(state.dict[name], redacted=columns[name]) for name in changed if name in state.dict})
        return
    for name in changed:
        history: History = state.attrs[name].history
        if not history.has_changes():
            continue
        redacted = columns[name]
        if history.deleted:
            before.setdefault(name, _plain(history.deleted[0], redacted=redacted))
        if history.added:
            after[name] = _plain(history.added[0], redacted=redacted)


@cache
def _columns(mapper: Mapper[Any]) -> dict[str, bool]:
    """The columns that a change of which is told, and whether without its value."""
    columns: dict[str, Any] = {attribute.key: attribute.columns[0] for attribute in mapper.column_attrs}
    return {name: is_redacted(column) for name, column in columns.items() if name not in BOOKKEEPING}


def _plain(value: Any, *, redacted: bool) -> Any:
    if redacted and value is not None:
        return REDACTED
    return msgspec.to_builtins(value)


@event.listens_for(db.session, "before_flush")
def _remember(session: Session, flush_context: object, instances: object) -> None:
    # A query may flush before the fact is published, and SQLAlchemy then forgets what changed.
    remembered = session.info.setdefault(_KEY, {})
    for entity in (*session.new, *session.dirty):
        if isinstance(entity, Versioned):
            # The entity is kept too: its id() must not be reused while the note lives.
            before, after, _ = remembered.setdefault(id(entity), ({}, {}, entity))
            _collect(entity, before, after)


@event.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_KEY, None)
