"""The declaration by which a plugin lets agencies add fields to its things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnElement,
    Dialect,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.types import TypeDecorator

from core import clock
from core.custom_fields import asking, columns, definitions, kinds, merging, writing
from core.custom_fields.columns import Cell
from core.custom_fields.kinds import Definition
from core.custom_fields.merging import Taken
from core.custom_fields.models import SHOWN, CustomField, CustomValue
from core.custom_fields.schemas import Value
from core.custom_fields.writing import Change
from core.db.base import Owned
from core.db.query import Condition
from core.errors import Fault, Invalid, gather
from core.merging import Side

POINTER = "/custom_fields/"

_SEES_RESTRICTED: Any = bindparam("sees_restricted", callable_=definitions.sees_restricted, type_=Boolean())


class _Values(TypeDecorator[dict[str, Value]]):
    """The rows of one thing as JSON, read as its values by key."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Value]:
        """The values by key; none where there are no rows."""
        return kinds.show(value) if value else {}


class CustomFields:
    """Fields that an agency may add to a plugin's things: `FIELDS = CustomFields("visas.visa", Visa)` in models.py."""

    def __init__(self, entity: str, model: type[Owned]) -> None:
        self.entity = entity
        """The plugin's name and what the thing is, as events and the search call it: `visas.visa`."""
        self.model = model
        # Like the other one it is evaluated when a statement runs: one cached statement serves every agency.
        name = f"has_{entity.replace('.', '_')}_fields"
        self._are_there: Any = bindparam(name, callable_=partial(definitions.are_there, entity), type_=Boolean())
        writing.watch(model)

    def column(self) -> ColumnElement[Any]:
        """The column of a SELECT that reads the View's field `custom_fields`, as far as the acting one may see them.

        In an agency that has none it costs nothing.
        """
        seen = select(func.array_agg(CustomField.id)).where(
            CustomField.entity == literal(self.entity),
            CustomField.archived.is_(False),
            or_(CustomField.seen_by == literal("everybody"), _SEES_RESTRICTED),
        )
        fields = cast(seen.correlate(None).scalar_subquery(), ARRAY(Uuid()))
        rows = aggregate_order_by(func.json_build_array(*SHOWN), CustomValue.place)
        values = select(func.json_agg(rows)).where(
            CustomValue.entity_id == self.model.id, CustomValue.field_id == any_(fields)
        )
        # The planner leaves out what is not asked.
        asked = (self._are_there, values.correlate(self.model).scalar_subquery())
        return type_coerce(case(asked, else_=None), _Values())

    def apply(self, entity: Owned, given: Mapping[str, Value | None] | UnsetType) -> None:
        """Check values that a Draft or Patch brought and write them with the entity; a new one gets its defaults.

        Raises Invalid with every fault. They are part of the entity: its version moves, its event tells them.
        """
        sent = {} if given is UNSET else given
        is_new = entity.version is None
        if not (sent or (is_new and definitions.are_there(self.entity))):
            return
        # What was sent is judged by the fields as they are; that there are none is known for a second.
        known = definitions.now(self.entity) if sent else definitions.of(self.entity)
        changed = _checked(known, sent, is_new=is_new)
        choosing = [each.definition for each in changed if each.rows and each.definition.kind in kinds.CHOOSING]
        held = definitions.held([each.id for each in choosing])
        if any(held[each.id] != each for each in choosing):
            # Somebody was quicker, and maybe took a choice away.
            changed = _checked(tuple(held.get(each.id, each) for each in known), sent, is_new=is_new)
        if changed:
            writing.leave(entity, changed)
            if not is_new:
                entity.updated_at = clock.now()

    def check_merge(self, asked: dict[str, Side]) -> dict[str, Side]:
        """What is asked of fields, by key. Raises Invalid where that cannot be, with pointers below `/fields`."""
        return merging.check(asked, name=self.entity)

    def take_over(self, entity: Owned, other_id: UUID, asked: Mapping[str, Side]) -> Taken:
        """Give a row the values it is to have of another one, which keeps its own: the two are one now.

        What is not asked for by its key is taken where only the other one has it. To be kept sealed. Raises Invalid.
        """
        return merging.take_over(entity, other_id, asked, name=self.entity)

    def are_touched(self, entity: Owned, taken: Taken) -> bool:
        """Whether a row says something else by now in fields that a merge had changed."""
        return merging.are_touched(entity.id, taken)

    def give_back(self, entity: Owned, taken: Taken) -> None:
        """Let a row say again what it said before: the two come apart."""
        merging.give_back(entity, taken, name=self.entity)

    def asked(self, given: Mapping[str, str]) -> tuple[list[Condition], list[Fault]]:
        """What parameters such as `custom.tier.in=gold,silver` ask of a list, and what is wrong with them."""
        return asking.asked(self.entity, given)

    def compare(self, condition: Condition, *, bind: str) -> ColumnElement[bool]:
        """The condition that a list is narrowed by."""
        return asking.compare(self.model, condition, bind=bind)

    def bound(self, condition: Condition, *, bind: str) -> dict[str, Any]:
        """The values it is run with."""
        return asking.bound(condition, bind=bind)

    def titles(self) -> dict[str, str]:
        """The fields the acting one sees, in their order: what each is called, by name as `custom.tier`."""
        return {each.name: each.title for each in columns.of(self.entity)}

    def values(self, ids: Sequence[UUID], names: Sequence[str]) -> dict[UUID, dict[str, Cell]]:
        """What things say in these fields, for people: one statement for all of them."""
        wanted = [each for each in columns.of(self.entity) if each.name in names]
        return columns.cells(wanted, ids) if wanted and ids else {}


def _checked(known: tuple[Definition, ...], sent: Mapping[str, Value | None], *, is_new: bool) -> list[Change]:
    """What becomes of which field. Raises Invalid with every fault."""
    seen = {each.key: each for each in known if definitions.is_seen(each)}
    checks = [partial(_one, seen.get(key), key, value) for key, value in sent.items()]
    if is_new:
        checks += [partial(_missing, each) for each in known if each.key not in sent or each.key not in seen]
    return [change for change in gather(*checks) if change is not None]


def _one(definition: Definition | None, key: str, value: Value | None) -> Change | None:
    pointer = POINTER + key.replace("~", "~0").replace("/", "~1")
    if definition is None:
        raise Invalid(errors=[Fault(pointer, "unknown_field", "There is no such field")])
    if value is not None and value != []:
        return Change(definition, kinds.read(definition, value, pointer=pointer))
    if definition.required:
        raise Invalid(errors=[Fault(pointer, "required", f"{definition.label} is required")])
    return Change(definition, [])


def _missing(definition: Definition) -> Change | None:
    """What a new thing gets where nothing is said."""
    pointer = POINTER + definition.key
    if definition.default is not None:
        return Change(definition, kinds.read(definition, definition.default, pointer=pointer))
    # Nobody is asked for what they may not see.
    if definition.required and definitions.is_seen(definition):
        raise Invalid(errors=[Fault(pointer, "required", f"{definition.label} is required")])
    return None
