"""What a fault says to people: the validator's message in plain words, with the choices or an example."""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

_NOUNS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a decimal number, as 2400.00",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "date": "a date, as 2027-05-14",
    "datetime": "an instant with its offset, as 2027-05-14T09:30:00Z",
    "uuid": "an id (UUID)",
    "time": "a time of day, as 09:30:00",
}
_INVALID = {
    "Invalid RFC3339 encoded date": "date",
    "Invalid RFC3339 encoded datetime": "datetime",
    "Invalid RFC3339 encoded time": "time",
    "Invalid UUID": "uuid",
    "Invalid decimal string": "decimal",
    "Expected `datetime` with a timezone component": "datetime",
}
_TYPE = re.compile(r"Expected `([^`]+)`, got `")
_NUMBER = re.compile(r", got `(?:int|float)`")
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=) (\d+)")
_BOUND = re.compile(r"Expected `(?:int|float|decimal)` (>=|<=|>|<) (-?[\d.]+)")
_SIDES = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def sentence(message: str, kind: Any) -> str:
    """The validator's message about a value that should be of a type, in words a person can act on."""
    if message in _INVALID:
        return f"Expected {_NOUNS[_INVALID[message]]}"
    if "matching regex" in message:
        return _as_described(kind)
    if message.startswith("Invalid enum value"):
        choices = list(_choices(kind))
        return f"Choose one of {', '.join(choices)}" if choices else message
    if length := _LENGTH.match(message):
        unit = "characters" if length[1] == "str" else "items"
        return f"Expected {_SIDES[length[2]]} {length[3]} {unit}"
    if bound := _BOUND.match(message):
        return f"Expected {_SIDES[bound[1]]} {bound[2]}"
    if expected := _TYPE.match(message):
        names = [name for name in expected[1].split(" | ") if name != "null"]
        nouns = [_object(kind) if name == "object" else _NOUNS.get(name, f"`{name}`") for name in names]
        # Where several types are taken and none of them is a number, numbers of any size are texts.
        as_text = len(names) > 1 and "str" in names and _NUMBER.search(message) is not None
        return f"Expected {' or '.join(nouns or ['null'])}{'; send a number as text' if as_text else ''}"
    return message


def _as_described(kind: Any) -> str:
    """`E-mail address, as ana@example.com`, from what the type says about itself; never the pattern."""
    meta = next((meta for meta in _metas(kind) if meta.pattern), None)
    about = (meta.description or "").rstrip(".") if meta else ""
    example = f"as {meta.examples[0]}" if meta and meta.examples else ""
    told = ", ".join(part for part in (about, example) if part)
    return f"Expected another form: {told}" if told else "Expected another form"


def _object(kind: Any) -> str:
    """`an object, as {"network": "203.0.113.0/24"}`, with the fields that must be there; or with their names alone."""
    struct = next((each for each in within(kind) if hasattr(each, "__struct_fields__")), None)
    fields = [field for field in msgspec.structs.fields(struct) if field.required] if struct is not None else []
    if not fields:
        return _NOUNS["object"]
    told = {
        field.encode_name: [each for meta in _metas(field.type) for each in meta.examples or ()] for field in fields
    }
    if all(told.values()):
        example = {name: examples[0] for name, examples in told.items()}
        return f"an object, as {msgspec.json.format(msgspec.json.encode(example), indent=0).decode()}"
    return f"an object with {' and '.join(told)}"


def _examples(kind: Any) -> list[Any]:
    return [each for meta in _metas(kind) for each in meta.examples or ()]


def within(kind: Any) -> Iterator[Any]:
    """A type, and all the types that it may be instead."""
    yield kind
    for part in _parts(kind):
        yield from within(part)


def _metas(kind: Any) -> Iterator[Meta]:
    if get_origin(kind) is Annotated:
        yield from (extra for extra in kind.__metadata__ if isinstance(extra, Meta))
    for part in _parts(kind):
        yield from _metas(part)


def _choices(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from (str(member.value) for member in kind)
    for part in _parts(kind):
        yield from _choices(part)


def _parts(kind: Any) -> tuple[Any, ...]:
    """The members of a union, and what an annotated type annotates; not the items of a list."""
    if get_origin(kind) is Annotated:
        return (get_args(kind)[0],)
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else ()
