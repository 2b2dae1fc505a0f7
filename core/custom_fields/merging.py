"""Values of an agency's own fields when two rows become one, and when they come apart again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, select

from core import bulk
from core.custom_fields import definitions, kinds, writing
from core.custom_fields.kinds import Definition
from core.custom_fields.models import CustomValue
from core.custom_fields.schemas import Value
from core.db.tenancy import current_agency_id
from core.errors import Fault, Invalid
from core.extensions import db
from core.merging import Side

PREFIX = "custom_fields."
"""How a merge names a field of the agency's own: `custom_fields.tier`."""
_TABLE = CustomValue.metadata.tables[CustomValue.__tablename__]
_KEPT = ("field_id", "place", "key", "kind", "decimals", "text_value", "number_value", "day_value")
Row = dict[str, Any]


class Taken(msgspec.Struct, frozen=True):
    """What a merge changed in the agency's own fields of the row that stays: personal, to be kept sealed."""

    fields: list[UUID] = []
    before: list[Row] = []
    after: list[Row] = []


def check(asked: dict[str, Side], *, name: str) -> dict[str, Side]:
    """What is asked; raises Invalid for fields the caller does not see, and for `both` where only one can stay."""
    if not asked:
        return asked
    seen = {each.key: each for each in definitions.now(name) if definitions.is_seen(each)}
    faults = [
        Fault(_pointer(key), "unknown", "There is no such field to merge")
        if key not in seen
        else Fault(_pointer(key), "value", "Of this field only one value can stay")
        for key, side in asked.items()
        if key not in seen or (side == "both" and seen[key].kind != "choices")
    ]
    if faults:
        raise Invalid(errors=sorted(faults, key=lambda fault: fault.pointer))
    return asked


def take_over(entity: Any, other_id: UUID, asked: Mapping[str, Side], *, name: str) -> Taken:
    """Give a row, of what is called `name`, the values it is to have of another one, which keeps its own.

    Where nothing is asked, those that only the other one has. Raises Invalid where a required field would be empty.
    """
    mine, theirs = _values(entity.id), _values(other_id)
    by_key = {each.key: each for each in definitions.now(name)} if asked else {}
    sides = {by_key[key].id: side for key, side in asked.items()}
    after = {
        field_id: _chosen(mine.get(field_id, []), theirs.get(field_id, []), sides.get(field_id))
        for field_id in {*mine, *theirs}
    }
    changed = sorted(field_id for field_id, rows in after.items() if rows != mine.get(field_id, []))
    _refuse_emptied(by_key.values(), {field_id for field_id in changed if not after[field_id]})
    was = [row for field_id in changed for row in mine.get(field_id, [])]
    now = [row for field_id in changed for row in after[field_id]]
    _write(entity, changed, was, now, name=name)
    return Taken(changed, was, now)


def are_touched(entity_id: UUID, taken: Taken) -> bool:
    """Whether a row says something else by now in fields that a merge had changed, or cannot say again what it said."""
    if not taken.fields:
        return False
    known = definitions.held(taken.fields)
    if not all(_fits(row, known) for row in taken.before):
        return True
    now = _values(entity_id)
    return [row for field_id in taken.fields for row in now.get(field_id, [])] != taken.after


def give_back(entity: Any, taken: Taken, *, name: str) -> None:
    """Let a row say again what it said before; whoever it took that from has it still."""
    _write(entity, taken.fields, taken.after, taken.before, name=name)


def _fits(row: Row, known: Mapping[UUID, Definition]) -> bool:
    """Whether a value is still one of its field: of its type, and of what there is to choose from."""
    field = known.get(UUID(row["field_id"]))
    if field is None or (field.kind, field.decimals) != (row["kind"], row["decimals"]):
        return False
    return field.kind not in kinds.CHOOSING or row["text_value"] in {each.code for each in field.choices}


def _chosen(mine: list[Row], theirs: list[Row], side: Side | None) -> list[Row]:
    if side == "both":
        codes = {row["text_value"] for row in mine}
        both = [*mine, *(row for row in theirs if row["text_value"] not in codes)]
        return [{**row, "place": place} for place, row in enumerate(both)]
    if side is None:
        return mine or theirs
    return theirs if side == "other" else mine


def _refuse_emptied(known: Iterable[Definition], emptied: Collection[UUID]) -> None:
    faults = [
        Fault(_pointer(each.key), "required", f"{each.label} is required")
        for each in known
        if each.required and each.id in emptied
    ]
    if faults:
        raise Invalid(errors=faults)


def _write(entity: Any, fields: Collection[UUID], was: list[Row], now: list[Row], *, name: str) -> None:
    if not fields:
        return
    mine = (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == entity.id, _TABLE.c.field_id.in_(fields))
    db.session.connection().execute(delete(_TABLE).where(*mine))
    bulk.insert(CustomValue, ({**row, "entity_id": entity.id} for row in now))
    # Of those that are archived the log tells nothing.
    known = [each for each in definitions.now(name) if each.id in fields]
    writing.tell(entity, known, before=_shown(was), after=_shown(now))


def _values(entity_id: UUID) -> dict[UUID, list[Row]]:
    """What a row says, by field, as JSON."""
    mine = (_TABLE.c.agency_id == current_agency_id(), _TABLE.c.entity_id == entity_id)
    columns = select(*(_TABLE.c[each] for each in _KEPT)).where(*mine).order_by(_TABLE.c.field_id, _TABLE.c.place)
    found: dict[UUID, list[Row]] = {}
    for row in db.session.connection().execute(columns).mappings():
        found.setdefault(row["field_id"], []).append(msgspec.to_builtins({**row}))
    return found


def _shown(rows: list[Row]) -> dict[str, Value]:
    return kinds.show((row["key"], row["kind"], row["decimals"], _text(row)) for row in rows)


def _text(row: Row) -> str:
    return str(next(row[each] for each in ("text_value", "number_value", "day_value") if row[each] is not None))


def _pointer(key: str) -> str:
    return f"/fields/{PREFIX}{key}"
