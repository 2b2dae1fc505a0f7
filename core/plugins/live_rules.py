"""What a Plugin value must look like where it is live: sockets, emits, topics and rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from core.plugins.spec import Plugin
from core.realtime.spec import Handler

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_ROOMS_OF_OURS = ("user", "team", "stream", "named")


def problems(plugin: Plugin) -> Iterator[str]:
    """A sentence for each rule that it breaks."""
    for check in (_sockets, _emits, _topics, _rooms):
        yield from check(plugin)


def _sockets(plugin: Plugin) -> Iterator[str]:
    handler: Any
    known = {permission.name for permission in plugin.permissions}
    for event, handler in plugin.sockets.items():
        if not _WORD.fullmatch(event):
            yield f"the socket event {event!r} must be a bare lower-case word; the namespace is /{plugin.segment}"
        if not isinstance(handler, Handler):
            yield f"the socket event {event!r} has no handler; decorate its function in sockets.py with @handler(...)"
        elif handler.permission not in known:
            yield f"the socket event {event!r} asks for {handler.permission!r}, which it does not declare; declare it"


def _emits(plugin: Plugin) -> Iterator[str]:
    kind: Any
    for event, kind in plugin.emits.items():
        if not _WORD.fullmatch(event):
            yield f"it emits {event!r}, which must be a bare lower-case word; the namespace is /{plugin.segment}"
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            yield f"it emits {event!r} without a Struct that says what is in it; name the class"


def _topics(plugin: Plugin) -> Iterator[str]:
    known = {permission.name for permission in plugin.permissions}
    names = [topic.name for topic in plugin.topics]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two topics are called {name!r}; rename one"
    for topic in plugin.topics:
        if topic.permission is not None and str(topic.permission) not in known:
            yield f"the topic {topic.name!r} asks for {str(topic.permission)!r}, which it does not declare; declare it"
        if topic.name != plugin.name and not topic.name.startswith(f"{plugin.name}_"):
            yield f"the topic {topic.name!r} must be called '{plugin.name}' or start with '{plugin.name}_'; rename it"
        if "seq" not in topic.item.__struct_fields__:
            yield f"the items of the topic {topic.name!r} have no `seq`; clients could not tell what they miss"


def _rooms(plugin: Plugin) -> Iterator[str]:
    known = {permission.name for permission in plugin.permissions}
    kinds = [room.kind for room in plugin.rooms]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        yield f"two rooms are of the kind {kind!r}; rename one"
    for room in plugin.rooms:
        if not _WORD.fullmatch(room.kind) or room.kind in _ROOMS_OF_OURS:
            yield f"the room {room.kind!r} must be a lower-case word other than {', '.join(_ROOMS_OF_OURS)}; rename it"
        if str(room.permission) not in known:
            yield f"the room {room.kind!r} asks for {str(room.permission)!r}, which it does not declare; declare it"
