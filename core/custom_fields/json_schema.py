"""What an agency's own fields look like to programs: JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from core.custom_fields import asking, definitions
from core.custom_fields.kinds import Definition
from core.custom_fields.schemas import CustomFieldSchema

Schema = dict[str, Any]


def of_all(entities: Sequence[str]) -> CustomFieldSchema:
    """The schemas of several entities as properties of one."""
    return CustomFieldSchema(
        title="custom_fields",
        properties={each: msgspec.to_builtins(of(each)) for each in entities},
        required=[],
    )


def of(entity: str) -> CustomFieldSchema:
    """The schema of the object `custom_fields` of an entity, as far as the caller sees it."""
    seen = [each for each in definitions.now(entity) if definitions.is_seen(each)]
    return CustomFieldSchema(
        title=entity,
        properties={each.key: _property(each) for each in seen},
        required=[each.key for each in seen if each.required and each.default is None],
    )


def _property(definition: Definition) -> Schema:
    schema: Schema = {"title": definition.label, **_TYPES[definition.kind](definition)}
    if definition.description:
        schema["description"] = definition.description
    if definition.default is not None:
        schema["default"] = definition.default
    # Not a word of JSON Schema: which filters a list takes.
    schema["x-filters"] = [each.value for each in asking.operators(definition.kind)]
    schema["x-restricted"] = definition.seen_by == "restricted"
    return schema


def _number(definition: Definition) -> Schema:
    fraction = f"(\\.[0-9]{{1,{definition.decimals}}}0*)?" if definition.decimals else "(\\.0+)?"
    return {"type": "string", "format": "decimal", "pattern": f"^-?[0-9]{{1,19}}{fraction}$"}


def _choice(definition: Definition) -> Schema:
    chosen = [each for each in definition.choices if not each.retired]
    return {"type": "string", "oneOf": [{"const": each.code, "title": each.label} for each in chosen]}


_TYPES: Mapping[str, Callable[[Definition], Schema]] = MappingProxyType(
    {
        "text": lambda each: {"type": "string", "minLength": 1, "maxLength": each.max_length},
        "number": _number,
        "date": lambda _: {"type": "string", "format": "date"},
        "boolean": lambda _: {"type": "boolean"},
        "choice": _choice,
        "choices": lambda each: {"type": "array", "items": _choice(each), "uniqueItems": True},
    }
)
