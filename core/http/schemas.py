"""JSON Schemas of wire types: named after their Structs, described by their docstrings, with an example each."""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_origin

import msgspec

from core.config import ConfigurationError
from core.http.decoding import DECIMAL
from core.http.examples import example_of

Schema = dict[str, Any]
PREFIX = "#/components/schemas/"
_NOBODY: Mapping[str, str] = MappingProxyType({})
_GENERIC = re.compile(r"^(\w+?)_(\w+)_$")


class NameTaken(ConfigurationError):
    """Two wire types share a name, so that a client generated from the document could not tell them apart."""

    def __init__(self, sentence: str) -> None:
        super().__init__([sentence])


def build(kinds: Sequence[Any], strangers: Mapping[str, str] = _NOBODY) -> tuple[list[Schema], dict[str, Schema]]:
    """The schema of each type, and the named components they refer to. Raises NameTaken.

    `strangers` maps the module of a plugin that is not ours to the plugin's name, which its components then begin with:
    two authors who know nothing of each other may both have a NoteView.
    """
    name_apart(kinds, strangers)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=PREFIX + "{name}")
    doubled = [name for name in components if "." in name]
    if doubled:
        raise NameTaken(f"Give one of these wire types another name: {', '.join(sorted(doubled))}")
    names = {name: readable(name) for name in components}
    for kind in _structs(kinds):
        _add_docstrings(kind, components)
        _add_instants(kind, components)
        _add_choice(kind, components)
    renamed = json.loads(_rename(json.dumps([list(schemas), components]), names))
    named = {names[name]: schema for name, schema in renamed[1].items()}
    for name, schema in named.items():
        schema["title"] = name
        tidy(schema)
    for schema in named.values():
        if schema.get("type") == "object":
            schema["examples"] = [example_of(schema, named)]
    for schema in renamed[0]:
        tidy(schema)
    return renamed[0], dict(sorted(named.items()))


def name_apart(kinds: Sequence[Any], strangers: Mapping[str, str]) -> None:
    """Give each Struct the name of its component. Raises NameTaken."""
    taken: dict[str, type] = {}
    for kind in _structs(kinds):
        plugin = strangers.get(kind.__module__.split(".")[0], "")
        prefix = "".join(word.capitalize() for word in plugin.split("_"))
        if not kind.__qualname__.startswith(prefix):
            # What msgspec names the component by; the qualified name stays what it was.
            kind.__name__ = prefix + kind.__qualname__
        other = taken.setdefault(kind.__name__, kind)
        if other is not kind:
            places = f"{other.__module__} and {kind.__module__}"
            raise NameTaken(f"{kind.__name__} is a wire type of both {places}: give one of them another name")


def readable(name: str) -> str:
    """msgspec's `Page_LeadRow_` as `PageOfLeadRow`."""
    generic = _GENERIC.match(name)
    return f"{generic[1]}Of{readable(generic[2])}" if generic else name


def tidy(schema: Any) -> None:
    """Say in place what msgspec leaves unsaid: the type of enums, and no union of one."""
    if isinstance(schema, list):
        for member in schema:
            tidy(member)
    elif isinstance(schema, dict):
        _tidy_one(schema)
        for member in schema.values():
            tidy(member)


def _tidy_one(schema: Schema) -> None:
    values = schema.get("enum")
    if isinstance(values, list) and "type" not in schema and all(isinstance(value, str) for value in values):
        schema["type"] = "string"
    union = schema.get("anyOf")
    if isinstance(union, list) and len(union) == 1 and not set(union[0]) & (set(schema) - {"anyOf"}):
        schema |= schema.pop("anyOf")[0]
    if schema.get("format") == "decimal":
        schema.setdefault("pattern", DECIMAL)
    if schema.get("required") == []:
        del schema["required"]


def _rename(text: str, names: dict[str, str]) -> str:
    for name, wanted in names.items():
        if name != wanted:
            text = text.replace(f'"{PREFIX}{name}"', f'"{PREFIX}{wanted}"')
    return text


def _structs(kinds: Iterable[Any]) -> Iterator[type]:
    """Every Struct and enum class among the types, without repetition."""
    seen: set[Any] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        origin = get_origin(kind) or kind
        if origin is Annotated:
            waiting.append(get_args(kind)[0])
            continue
        waiting += [part for part in get_args(kind) if part is not Ellipsis]
        if not isinstance(origin, type) or origin in seen or not issubclass(origin, (msgspec.Struct, enum.Enum)):
            continue
        seen.add(origin)
        yield origin
        if issubclass(origin, msgspec.Struct):
            waiting += [field.type for field in msgspec.structs.fields(origin)]


def _add_docstrings(kind: type, components: dict[str, Schema]) -> None:
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        docs |= _field_docs(base.__module__).get(base.__qualname__, {})
    for properties in _properties_of(kind, components):
        for field, member in properties.items():
            if field in docs and "description" not in member:
                member["description"] = docs[field]


def _add_instants(kind: type, components: dict[str, Schema]) -> None:
    """msgspec leaves the format of a datetime open; ours always carry a zone."""
    if not issubclass(kind, msgspec.Struct):
        return
    instants = {
        field.encode_name for field in msgspec.structs.fields(kind) if datetime in (field.type, *get_args(field.type))
    }
    for properties in _properties_of(kind, components):
        for field in instants & properties.keys():
            for member in (properties[field], *properties[field].get("anyOf", ())):
                if member.get("type") == "string":
                    member.setdefault("format", "date-time")


def _add_choice(kind: type, components: dict[str, Schema]) -> None:
    # Not `oneOf`: generators of clients would make a union of it and lose the other fields.
    either = getattr(kind, "either", None)
    if either is not None:
        one, other = ({"required": [name]} for name in either)
        components[kind.__name__] |= {"if": one, "then": {"not": other}, "else": other}


def _properties_of(kind: type, components: dict[str, Schema]) -> Iterator[Schema]:
    """The properties of a class' component; of a generic class', one for each of its uses."""
    for name, schema in components.items():
        if name == kind.__name__ or name.startswith(f"{kind.__name__}_"):
            yield schema.get("properties", {})


@cache
def _field_docs(module: str) -> dict[str, dict[str, str]]:
    """The docstring under each field of each class of a module, which Python itself does not keep."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError):
        return {}
    return {node.name: dict(_documented(node)) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            yield field.target.id, inspect.cleandoc(after.value.value)
