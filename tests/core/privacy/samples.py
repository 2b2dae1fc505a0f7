"""JSON of any shape that says something about somebody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from core import clock, ids


class NoWords(Exception):
    """Where nothing can be said: a code of a certain form."""


def saying(kind: Any, said: str) -> Any:
    """What `msgspec.convert` takes for a type, with these words wherever words can stand."""
    made = _of(inspect.type_info(kind), said)
    msgspec.convert(made, kind)
    return made


def _of(kind: Any, said: str) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _of(inner, said)
        case inspect.AnyType() | inspect.StrType(pattern=None):
            return said
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item) | inspect.SetType(item_type=item):
            return [_of(item, said)]
        case inspect.DictType(value_type=value):
            return {"said": _of(value, said)}
        case inspect.StructType(fields=fields):
            return dict(_entries(fields, said))
        case inspect.UnionType(types=types):
            return _of(next(each for each in types if not isinstance(each, inspect.NoneType)), said)
        case inspect.LiteralType(values=values):
            return values[0]
    plain: list[tuple[Any, Any]] = [
        (inspect.BoolType, False), (inspect.IntType, 1), (inspect.UUIDType, str(ids.new())),
        (inspect.DateTimeType, clock.now().isoformat()), (inspect.DateType, clock.now().date().isoformat()),
    ]  # fmt: skip
    found = next((value for each, value in plain if isinstance(kind, each)), None)
    if found is None:
        raise NoWords(str(kind))
    return found


def _entries(fields: Iterable[inspect.Field], said: str) -> Iterable[tuple[str, Any]]:
    for field in fields:
        try:
            value = _of(field.type, said)
        except NoWords:
            if field.required:
                raise
            continue
        if field.required or said in str(value):
            yield field.encode_name, value
