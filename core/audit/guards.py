"""What the log keeps from who may read it: whatever fields of the same plugin tell only some."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from core.audit.schemas import EventView
from core.disclosure import actor_sees, guarded_fields
from core.events import words
from core.events.event import owner_of_module


def seen(event: EventView, known: words.Keys) -> EventView:
    """An event without what the acting one may not see, words about people opened with the keys for the rest."""
    payload = words.shown(event.payload, name=event.name, event_id=event.id, known=known)
    before, after = (words.redacted(each) if each is not None else None for each in (event.before, event.after))
    event = msgspec.structs.replace(event, payload=payload, before=before, after=after)
    hidden = tuple(name for name, permission in _guarded(event.name.split(".")[0]) if not actor_sees(permission))
    if not hidden:
        return event
    told = {name: _without(getattr(event, name), hidden) for name in ("payload", "before", "after")}
    return msgspec.structs.replace(event, **told)


@cache
def _guarded(plugin: str) -> frozenset[tuple[str, str]]:
    """The names of the fields of a plugin that ask for a permission, each with it.

    Of all its Structs: columns are in the log whether or not the event itself speaks of them.
    """
    mine = (kind for kind in _structs(msgspec.Struct) if owner_of_module(kind.__module__) == plugin)
    return frozenset(each for kind in mine for each in guarded_fields(kind).items())


def _structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in base.__subclasses__():
        yield each
        yield from _structs(each)


def _without(value: Any, hidden: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _without(each, hidden) for name, each in value.items() if not _is_of(name, hidden)}
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    return value


def _is_of(name: str, hidden: tuple[str, ...]) -> bool:
    """Whether it is such a field, or a column with a part of it, as `cost_minor` is of `cost`."""
    return any(name == each or name.startswith(f"{each}_") for each in hidden)
