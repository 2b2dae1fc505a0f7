"""A valid example for every schema of the document, from the examples its fields declare."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_FORMATS = {
    "uuid": "0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90",
    "date": "2027-05-14",
    "date-time": "2027-05-14T09:30:00Z",
    "time": "09:30:00Z",
    "partial-time": "09:30:00",
    "duration": "PT90M",
    "decimal": "2400.00",
}
_MAX_DEPTH = 6


class NoExample(ValueError):
    """A pattern no example can be made for; declare one with `Meta(examples=[...])`."""


def example_of(schema: Schema, components: dict[str, Schema], depth: int = 0) -> Any:
    """A value the schema accepts. Raises NoExample where only the author can know one."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, depth)
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _of_union(schema["anyOf"], components, depth)
    return _of_type(schema, components, depth)


def _of_union(members: list[Schema], components: dict[str, Schema], depth: int) -> Any:
    if depth >= _MAX_DEPTH and {"type": "null"} in members:
        return None
    real = [member for member in members if member != {"type": "null"}]
    return example_of(real[0], components, depth) if real else None


def _of_type(schema: Schema, components: dict[str, Schema], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return _of_object(schema, components, depth)
    if kind == "array":
        return _of_array(schema, components, depth)
    if kind == "string":
        return _of_string(schema)
    if kind in {"integer", "number"}:
        return _of_number(schema)
    return {"boolean": True}.get(kind or "")


def _of_object(schema: Schema, components: dict[str, Schema], depth: int) -> Any:
    required = set(schema.get("required", ()))
    left_out = set(schema.get("then", {}).get("not", {}).get("required", ()))
    return {
        name: example_of(member, components, depth + 1)
        for name, member in schema.get("properties", {}).items()
        if name not in left_out and (name in required or (depth < _MAX_DEPTH and not _is_id(member)))
    }


def _is_id(member: Schema) -> bool:
    """Whether a field points at something that a reader who tries the example does not have."""
    return "uuid" in (member.get("format"), *(each.get("format") for each in member.get("anyOf", ())))


def _of_array(schema: Schema, components: dict[str, Schema], depth: int) -> Any:
    if "prefixItems" in schema:
        return [example_of(member, components, depth + 1) for member in schema["prefixItems"]]
    least = schema.get("minItems", 0)
    if depth >= _MAX_DEPTH or "items" not in schema:
        return []
    return [example_of(schema["items"], components, depth + 1)] * max(1, least)


def _of_string(schema: Schema) -> str:
    if "pattern" in schema and schema.get("format") != "decimal":
        raise NoExample(f"Declare an example for the pattern {schema['pattern']!r}")
    text = _FORMATS.get(schema.get("format", ""), "text")
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]


def _of_number(schema: Schema) -> int:
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    least: int = schema.get("minimum", 1 if above is None else above + 1)
    most: int = schema.get("maximum", max(1, least) if below is None else below - 1)
    step: int = schema.get("multipleOf", 1)
    return min(max(1, least), most) * step
