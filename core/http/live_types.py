"""The wire types of the live side: what sockets and topics carry, and the events of plugins, with their schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.events import event
from core.events.event import Event
from core.http import schemas
from core.http.examples import example_of
from core.http.schemas import NameTaken, Schema
from core.realtime import protocol

if TYPE_CHECKING:
    from core.plugins.manager import Plugins
    from core.plugins.spec import Plugin


def wire_types(plugins: Plugins) -> list[type]:
    """The Structs that sockets and topics carry."""
    found = [*_of_protocol(), *(kind for plugin in plugins.plugins.values() for kind in _of_plugin(plugin))]
    return list(dict.fromkeys(found))


def _of_protocol() -> Iterator[type]:
    yield from (protocol.Done, protocol.Failed, protocol.Refusal)
    for request in protocol.REQUESTS.values():
        yield request.accepts
        if request.answers:
            yield request.answers
    for announcement in protocol.ANNOUNCEMENTS.values():
        yield announcement.data


def _of_plugin(plugin: Plugin) -> Iterator[type]:
    for handler in plugin.sockets.values():
        yield handler.accepts
        if handler.answers:
            yield handler.answers
    yield from plugin.emits.values()
    for topic in plugin.topics:
        yield topic.item


class LiveTypes:
    """The schemas of an installation's wire types and events. Raises NameTaken where two types share a name."""

    def __init__(self, plugins: Plugins, strangers: Mapping[str, str]) -> None:
        self.plugins = plugins
        kinds = wire_types(plugins)
        found, components = schemas.build(kinds, strangers)
        self.components: dict[str, Schema] = components
        """Every named schema; an event's has the event's name."""
        self._found = dict(zip(kinds, found, strict=True))
        self.events = {n: kind for n, kind in event.declared().items() if n.split(".")[0] in plugins.plugins}
        """What the loaded plugins declare, by name."""
        for name, kind in self.events.items():
            self._add_event(name, kind, strangers)

    def _add_event(self, name: str, kind: type[Event], strangers: Mapping[str, str]) -> None:
        # Each by itself: events of two plugins may well have the same class name, as their full names differ.
        _, components = schemas.build([kind], strangers)
        self.components[name] = components.pop(kind.__name__) | {"title": name}
        self._found[kind] = {"$ref": schemas.PREFIX + name}
        for part, schema in components.items():
            if self.components.setdefault(part, schema) != schema:
                raise NameTaken(f"{part}, in {name}, is the name of another wire type as well: give it another one")

    def schema(self, kind: type) -> Schema:
        """The schema of a type: mostly a reference to a component."""
        return self._found[kind]

    def example(self, schema: Schema) -> Any:
        """A value that a schema accepts."""
        return example_of(schema, self.components)


def item_field(item: type) -> str | None:
    """Where an item of the topic `events` holds the event's own fields."""
    fields = getattr(item, "__struct_fields__", ())
    return next((name for name in ("payload", "data") if name in fields), None)
