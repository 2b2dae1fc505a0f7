"""Filters by an agency's own fields: `?custom.<key>=`, read by its definitions, answered by indexes of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, any_, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from core.custom_fields import definitions, kinds
from core.custom_fields.kinds import COLUMNS, Definition
from core.custom_fields.models import TEXT_START, CustomValue
from core.db.base import Owned
from core.db.query import CUSTOM, EQUALITY, OPTIONAL, RANGE, Condition, Operator, OwnField
from core.errors import Fault, Invalid

MOST = 50
"""Values that one parameter may name."""
_EXACT = (*EQUALITY, Operator.NULL)
_OPERATORS = {
    "text": OPTIONAL,
    "choice": OPTIONAL,
    "choices": OPTIONAL,
    "boolean": (Operator.EQ, Operator.NE, Operator.NULL),
    "number": (*RANGE, Operator.NE, Operator.IN, Operator.NULL),
    "date": (*RANGE, Operator.NE, Operator.IN, Operator.NULL),
}
"""How each type can be compared."""


def operators(kind: str) -> tuple[Operator, ...]:
    """How values of a type can be compared."""
    return _OPERATORS[kind]


def asked(entity: str, given: Mapping[str, str]) -> tuple[list[Condition], list[Fault]]:
    """The conditions of parameters, and the faults of those that make none."""
    found = _asked(definitions.of(entity), given)
    # What another process has added a moment ago is no fault.
    return _asked(definitions.now(entity), given) if found[1] else found


def _asked(known: tuple[Definition, ...], given: Mapping[str, str]) -> tuple[list[Condition], list[Fault]]:
    seen = {each.key: each for each in known if definitions.is_seen(each)}
    conditions: list[Condition] = []
    faults: list[Fault] = []
    for name, text in given.items():
        try:
            conditions.append(_condition(seen, name, text))
        except Invalid as invalid:
            faults += invalid.errors
    return conditions, faults


def _condition(seen: Mapping[str, Definition], name: str, text: str) -> Condition:
    key, _, suffix = name.removeprefix(CUSTOM).partition(".")
    definition = seen.get(key)
    operator = next((each for each in Operator if each == (suffix or Operator.EQ)), None)
    if definition is None or operator is None or suffix == Operator.EQ or operator not in _OPERATORS[definition.kind]:
        raise Invalid(errors=[Fault(f"?{name}", "unknown_parameter", "There is no such parameter")])
    own = OwnField(definition.id, definition.kind)
    return Condition(CUSTOM + key, operator, _value(definition, operator, text, name), own)


def _value(definition: Definition, operator: Operator, text: str, name: str) -> Any:
    pointer = f"?{name}"
    if operator is Operator.NULL:
        if text not in {"true", "false"}:
            raise Invalid(errors=[Fault(pointer, "type", "Expected true or false")])
        return text == "true"
    if operator is not Operator.IN:
        return kinds.read_word(definition, text, pointer=pointer)
    words = text.split(",")
    if len(words) > MOST:
        raise Invalid(errors=[Fault(pointer, "length", f"At most {MOST} values")])
    return tuple(kinds.read_word(definition, word, pointer=pointer) for word in words)


def compare(model: type[Owned], condition: Condition, *, bind: str) -> ColumnElement[bool]:
    """The condition on rows of a model; its values come from `bound`."""
    assert condition.own is not None
    operator, column = condition.operator, _column(condition.own.kind)
    mine = CustomValue.field_id == bindparam(f"{bind}_field", type_=Uuid())
    if operator is Operator.NULL:
        there = select(CustomValue.entity_id).where(mine, column.is_not(None))
        return _none(model, mine, column.is_not(None)) if condition.value else model.id.in_(there)
    if operator is Operator.NE:
        # Without a value, or with another one.
        return _none(model, mine, _compared(column, Operator.EQ, bind))
    return model.id.in_(select(CustomValue.entity_id).where(mine, _compared(column, operator, bind)))


def bound(condition: Condition, *, bind: str) -> dict[str, Any]:
    """What the statement of a condition is run with."""
    assert condition.own is not None
    found: dict[str, Any] = {f"{bind}_field": condition.own.field_id}
    if condition.operator is Operator.NULL:
        return found
    several = condition.operator is Operator.IN
    found[bind] = [*condition.value] if several else condition.value
    if _column(condition.own.kind) is CustomValue.text_start:
        starts = [str(each)[:TEXT_START] for each in (condition.value if several else [condition.value])]
        found[f"{bind}_start"] = starts if several else starts[0]
    return found


def _column(kind: str) -> InstrumentedAttribute[Any]:
    """The column whose index finds values of a type."""
    stored = COLUMNS[kind]
    # An entry of an index has no room for a whole text.
    return CustomValue.text_start if stored == "text_value" else getattr(CustomValue, stored)


def _none(model: type[Owned], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    # Not NOT IN: what does not fit into memory would be looked through for every row.
    return ~exists(select(CustomValue.entity_id).where(CustomValue.entity_id == model.id, *conditions).correlate(model))


def _compared(column: InstrumentedAttribute[Any], operator: Operator, bind: str) -> ColumnElement[bool]:
    if column is not CustomValue.text_start:
        return _comparison(column, operator, bind)
    return and_(_comparison(column, operator, f"{bind}_start"), _comparison(CustomValue.text_value, operator, bind))


def _comparison(column: InstrumentedAttribute[Any], operator: Operator, bind: str) -> ColumnElement[bool]:
    if operator is Operator.IN:
        return column == any_(bindparam(bind, type_=ARRAY(column.type)))
    value: Any = bindparam(bind, type_=column.type)
    comparisons: Mapping[Operator, Callable[[], ColumnElement[bool]]] = {
        Operator.EQ: lambda: column == value,
        Operator.GTE: lambda: column >= value,
        Operator.GT: lambda: column > value,
        Operator.LTE: lambda: column <= value,
        Operator.LT: lambda: column < value,
    }
    return comparisons[operator]()
