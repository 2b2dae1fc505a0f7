"""Fields that only some may see or send: declared on a Struct, enforced wherever one is encoded or read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta

from core.actor import current_actor
from core.errors import Fault, Forbidden

T = TypeVar("T")
Projection = Callable[[Any], Any]
_SEEN_WITH, _SENT_WITH = "x-permission", "x-write-permission"


class HiddenField(Forbidden):
    """Something was sent, or asked for, that the caller may not see or set."""

    code = "hidden_field"
    title = "You may not see or set everything you asked for"


class Unguardable(TypeError):
    """A field that only some may see cannot be left out: give it `| UnsetType = UNSET`. A defect."""


def visible_to(permission: object) -> Meta:
    """Only who holds a permission sees the field; for all others it is absent, never null.

    `cost: Annotated[Money | UnsetType, visible_to(permissions.SEE_COST)] = UNSET`. It holds in answers, lists, the feed
    of events and topics alike; lists refuse a filter or sort of the same name, and whatever its Filter names.
    """
    return Meta(extra_json_schema={_SEEN_WITH: str(permission)})


def writable_by(permission: object) -> Meta:
    """Only who holds a permission may send the field, in a Draft or Patch where it is `| UnsetType = UNSET`."""
    return Meta(extra_json_schema={_SENT_WITH: str(permission)})


def disclosed(value: T, kind: Any = None) -> T:
    """What the acting one may see of a Struct, or of whatever holds some: the same value where nothing is hidden.

    `kind` is its declared type, where it is not its class alone: `Page[LeadRow]`.
    """
    return _without(value, type(value) if kind is None else kind, actor_sees)


def concealed(value: T) -> T:
    """A Struct as those see it who see least: for what is sent to many at once."""
    return _without(value, type(value), lambda _permission: False)


def actor_sees(permission: str) -> bool:
    """Whether the acting one holds a permission, in whatever scope: what a field tells is no matter of rows."""
    return current_actor().scope_of(permission) is not None


def refuse_unsent(value: Any, kind: Any) -> None:
    """Raise HiddenField with every field that was sent and that the acting one may not set."""
    if permissions_in(kind, _SENT_WITH):
        faults = [_hidden(pointer, needed) for pointer, needed in _sent(value, "") if not actor_sees(needed)]
        if faults:
            raise HiddenField(errors=faults)


def refuse_asking(name: str, permission: str | None, *, pointer: str) -> None:
    """Raise HiddenField where a list is to be filtered or sorted by what the acting one may not see."""
    if permission is not None and not actor_sees(permission):
        raise HiddenField(f"You may not see {name}", errors=[_hidden(pointer, permission)])


def guarded_fields(kind: Any) -> Mapping[str, str]:
    """The fields of a Struct, or of the items of a page of them, that only some may see; each with its permission."""
    if not permissions_in(kind):
        return MappingProxyType({})
    found: dict[str, str] = {}
    for each in (kind, *get_args(kind)):
        if _is_struct(each):
            found |= _guards(each, _SEEN_WITH)
    return MappingProxyType(found)


@cache
def permissions_in(kind: Any, key: str = _SEEN_WITH) -> frozenset[str]:
    """Every permission that fields anywhere inside a type ask for. Raises Unguardable."""
    return frozenset(needed for struct in _structs_in(kind) for needed in _guards(struct, key).values())


def permissions_to_send(kind: Any) -> frozenset[str]:
    """Every permission that sending a field anywhere inside a type asks for. Raises Unguardable."""
    return permissions_in(kind, _SENT_WITH)


def _without(value: T, kind: Any, sees: Callable[[str], bool]) -> T:
    # Asked once per answer: a type that hides nothing costs one look into a dictionary, however many rows there are.
    needed = permissions_in(kind)
    withheld = frozenset(permission for permission in needed if not sees(permission))
    if not withheld:
        return value
    project = _projection(kind, withheld)
    shown: T = project(value) if project is not None else value
    return shown


@cache
def _projection(kind: Any, withheld: frozenset[str]) -> Projection | None:
    """What leaves out every field of a type that asks for one of these permissions; None where there is none."""
    if not permissions_in(kind) & withheld:
        return None
    origin = get_origin(kind)
    if origin is Annotated:
        return _projection(get_args(kind)[0], withheld)
    if origin in (Union, UnionType):
        return _of_union(get_args(kind), withheld)
    if _is_struct(kind):
        return _of_struct(kind, withheld)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        member = _later(get_args(kind)[1], withheld)
        return lambda value: {key: member(each) for key, each in value.items()}
    member = _later(get_args(kind)[0], withheld)
    return lambda value: [member(each) for each in value]


def _of_struct(kind: Any, withheld: frozenset[str]) -> Projection:
    hidden = {name: UNSET for name, needed in _guards(kind, _SEEN_WITH).items() if needed in withheld}
    nested = {
        field.name: _later(field.type, withheld)
        for field in msgspec.structs.fields(kind)
        if field.name not in hidden and permissions_in(field.type) & withheld
    }

    def project(value: Any) -> Any:
        inner = {name: member(getattr(value, name)) for name, member in nested.items()}
        return msgspec.structs.replace(value, **hidden, **inner)

    return project


def _of_union(members: tuple[Any, ...], withheld: frozenset[str]) -> Projection:
    plain = [(_class_of(member), _later(member, withheld)) for member in members if permissions_in(member) & withheld]

    def project(value: Any) -> Any:
        return next((member(value) for kind, member in plain if isinstance(value, kind)), value)

    return project


def _later(kind: Any, withheld: frozenset[str]) -> Projection:
    """Found at its first use: a type may hold itself."""

    def project(value: Any) -> Any:
        found = _projection(kind, withheld)
        return value if found is None or value is UNSET or value is None else found(value)

    return project


def _class_of(kind: Any) -> type:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    found: type = get_origin(kind) or kind
    return found


@cache
def _guards(kind: Any, key: str) -> Mapping[str, str]:
    """The fields of one Struct that ask for a permission."""
    found = {}
    for field in msgspec.structs.fields(kind):
        needed = next(_needed(field.type, key), None)
        if needed is None:
            continue
        if field.default is not UNSET:
            raise Unguardable(f"{kind.__qualname__}.{field.name} cannot be left out: give it `| UnsetType = UNSET`")
        found[field.name] = needed
    return MappingProxyType(found)


def _needed(kind: Any, key: str) -> Iterator[str]:
    if get_origin(kind) is Annotated:
        for meta in get_args(kind)[1:]:
            if isinstance(meta, Meta) and meta.extra_json_schema and key in meta.extra_json_schema:
                yield meta.extra_json_schema[key]
        yield from _needed(get_args(kind)[0], key)


def _structs_in(kind: Any) -> Iterator[Any]:
    """Every Struct inside a type, itself included, each once."""
    seen: set[Any] = set()
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        waiting += [part for part in get_args(each) if not isinstance(part, (Meta, str, int, type(...)))]
        if not _is_struct(each) or each in seen:
            continue
        seen.add(each)
        yield each
        waiting += [field.type for field in msgspec.structs.fields(each)]


def _is_struct(kind: Any) -> bool:
    found = get_origin(kind) or kind
    return isinstance(found, type) and issubclass(found, msgspec.Struct)


def _sent(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """What was sent of the fields that ask for a permission, with it."""
    if isinstance(value, msgspec.Struct):
        guards = _guards(type(value), _SENT_WITH)
        for name in value.__struct_fields__:
            member = getattr(value, name)
            if name in guards and member is not UNSET:
                yield f"{pointer}/{name}", guards[name]
            yield from _sent(member, f"{pointer}/{name}")
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _sent(member, f"{pointer}/{key}")
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            yield from _sent(member, f"{pointer}/{index}")


def _hidden(pointer: str, permission: str) -> Fault:
    return Fault(pointer, "hidden_field", f"This takes the permission {permission}")
