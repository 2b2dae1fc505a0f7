"""An agency's own fields as columns of a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select

from core.custom_fields import definitions, kinds
from core.custom_fields.kinds import Definition
from core.custom_fields.models import SHOWN, CustomValue
from core.custom_fields.schemas import Value
from core.db import read

Cell = str | Decimal | date | bool | None
_ROWS = read.Query(
    select(CustomValue.entity_id, *SHOWN)
    .where(
        CustomValue.entity_id == any_(bindparam("wanted_ids", type_=ARRAY(Uuid()))),
        CustomValue.field_id == any_(bindparam("wanted_fields", type_=ARRAY(Uuid()))),
    )
    .order_by(CustomValue.entity_id, CustomValue.place),
    lambda *row: row,
)


class Column(NamedTuple):
    """One column: what stands above it, and in each row."""

    definition: Definition

    @property
    def name(self) -> str:
        """What it is called where columns are chosen: `custom.tier`."""
        return f"custom.{self.definition.key}"

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.label

    def cell(self, values: Mapping[str, Value]) -> Cell:
        """What stands in a row whose `custom_fields` are these."""
        value = values.get(self.definition.key)
        if isinstance(value, list):
            return ", ".join(self._label(code) for code in value)
        if not isinstance(value, str):
            return value
        kind = self.definition.kind
        if kind == "choice":
            return self._label(value)
        if kind == "number":
            return Decimal(value)
        return date.fromisoformat(value) if kind == "date" else value

    def _label(self, code: str) -> str:
        return next((each.label for each in self.definition.choices if each.code == code), code)


def of(entity: str) -> list[Column]:
    """The columns that the acting agency's fields make, in their order, as far as the caller sees them."""
    return [Column(each) for each in definitions.now(entity) if definitions.is_seen(each)]


def cells(wanted: Sequence[Column], ids: Sequence[UUID]) -> dict[UUID, dict[str, Cell]]:
    """What stands in these columns, by thing and name; one statement."""
    by_thing: dict[UUID, list[tuple[str, str, int, str]]] = {}
    for entity_id, *row in _ROWS.rows(wanted_ids=list(ids), wanted_fields=[each.definition.id for each in wanted]):
        by_thing.setdefault(entity_id, []).append(tuple(row))
    return {
        entity_id: {each.name: each.cell(shown) for each in wanted}
        for entity_id, shown in ((entity_id, kinds.show(found)) for entity_id, found in by_thing.items())
    }
