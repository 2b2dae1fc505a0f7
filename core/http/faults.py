"""Turn plain values into typed ones, and on failure name every field at fault, not only the first."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec

from core.errors import Fault, Invalid
from core.http import wording

T = TypeVar("T")
MAX_FAULTS = 50

_LOCATION = re.compile(r" - at `([^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[\.\.\.\]")
_CODES = (
    ("Object missing required", "required"),
    ("Object contains unknown", "unknown_field"),
    ("Invalid enum value", "choice"),
    ("Invalid value", "choice"),
    ("of length", "length"),
    ("matching regex", "pattern"),
    ("Expected `null`", "type"),
    (">=", "range"),
    ("<=", "range"),
    ("> ", "range"),
    ("< ", "range"),
    ("multiple of", "range"),
    (", got `", "type"),
    ("Invalid", "format"),
)


def convert(value: Any, kind: type[T], *, strict: bool = True) -> T:
    """A plain value as `kind`; raises Invalid that lists up to fifty faults. `strict=False` reads numbers from text."""
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise Invalid(errors=found(value, kind, strict=strict) or [from_error(error)]) from None


def found(value: Any, kind: Any, *, pointer: str = "", strict: bool = True) -> list[Fault]:
    """Every fault of a plain value, at most fifty."""
    return list(islice(_faults(value, kind, pointer, strict=strict), MAX_FAULTS))


def from_error(error: msgspec.ValidationError) -> Fault:
    """The one fault msgspec noticed, where no more can be told."""
    message = str(error)
    located = _LOCATION.search(message)
    path = located.group(1) if located else ""
    steps = "".join(step_pointer(name or index) for name, index in _STEP.findall(path) if name or index)
    return Fault(steps, _code(message), wording.sentence(_sentence(message), None))


def step_pointer(step: str | int) -> str:
    """One more step of a JSON Pointer (RFC 6901)."""
    return "/" + str(step).replace("~", "~0").replace("/", "~1")


def _faults(value: Any, kind: Any, pointer: str, *, strict: bool) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
    else:
        return
    undecided = _undecided(value, kind, pointer)
    if undecided is not None:
        yield undecided
        return
    deeper = False
    for fault in _inside(value, _bare(kind, value), pointer, strict=strict):
        deeper = True
        yield fault
    if not deeper:
        yield Fault(pointer, _code(message), wording.sentence(_sentence(message), kind))


def _inside(value: Any, kind: Any, pointer: str, *, strict: bool) -> Iterator[Fault]:
    if isinstance(value, Mapping) and _is_struct(kind):
        yield from _in_struct(value, kind, pointer, strict=strict)
    elif isinstance(value, Mapping) and get_origin(kind) in (dict, Mapping):
        yield from _in_mapping(value, kind, pointer, strict=strict)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        item = _item_kind(kind)
        for index, member in enumerate(value if item is not None else ()):
            yield from _faults(member, item, pointer + step_pointer(index), strict=strict)


def _in_struct(value: Mapping[str, Any], kind: Any, pointer: str, *, strict: bool) -> Iterator[Fault]:
    fields = msgspec.structs.fields(kind)
    config = _config(kind)
    for field in fields:
        here = pointer + step_pointer(field.encode_name)
        if field.encode_name in value:
            yield from _faults(value[field.encode_name], field.type, here, strict=strict)
        elif field.required:
            yield Fault(here, "required", "This field is required")
    if config.forbid_unknown_fields:
        known = {field.encode_name for field in fields} | {config.tag_field}
        for name in value:
            if name not in known:
                yield Fault(pointer + step_pointer(name), "unknown_field", "There is no such field")


def _in_mapping(value: Mapping[str, Any], kind: Any, pointer: str, *, strict: bool) -> Iterator[Fault]:
    key_kind, member_kind = get_args(kind)
    for name, member in value.items():
        here = pointer + step_pointer(name)
        yield from _faults(name, key_kind, here, strict=False)
        yield from _faults(member, member_kind, here, strict=strict)


def _bare(kind: Any, value: Any) -> Any:
    """The type that the value was meant to be: without annotations, null, UNSET and the other union members."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    members = [_bare(member, value) for member in get_args(kind)]
    real = [member for member in members if member not in (type(None), msgspec.UnsetType)]
    if len(real) == 1:
        return real[0]
    return next((member for member in real if _is_tagged(member, value) or _is_shaped(member, value)), None)


def _undecided(value: Any, kind: Any, pointer: str) -> Fault | None:
    """The fault of an object that does not say which of several kinds it is, or names one there is not."""
    tagged = [each for each in wording.within(kind) if _is_struct(each) and _config(each).tag_field is not None]
    if not tagged or not isinstance(value, Mapping):
        return None
    field, tags = _config(tagged[0]).tag_field, [_config(each).tag for each in tagged]
    # Where there is but one kind, nobody has to say so.
    if value.get(field, tags[0] if len(tags) == 1 else None) in tags:
        return None
    code = "choice" if field in value else "required"
    return Fault(pointer + step_pointer(field), code, f"Choose one of {', '.join(map(str, tags))}")


def _config(kind: Any) -> Any:
    return (get_origin(kind) or kind).__struct_config__


def _is_tagged(kind: Any, value: Any) -> bool:
    if not (_is_struct(kind) and isinstance(value, Mapping)):
        return False
    config = _config(kind)
    return config.tag_field is not None and value.get(config.tag_field) == config.tag


def _is_shaped(kind: Any, value: Any) -> bool:
    """Whether a list meets a list type; a union holds at most one of these."""
    return isinstance(value, list) and _item_kind(kind) is not None


def _is_struct(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, msgspec.Struct)


def _item_kind(kind: Any) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (list, set, frozenset, Sequence):
        return args[0]
    return args[0] if origin is tuple and len(args) == 2 and args[1] is Ellipsis else None


def _code(message: str) -> str:
    return next((code for part, code in _CODES if part in message), "value")


def _sentence(message: str) -> str:
    return _LOCATION.sub("", message)
