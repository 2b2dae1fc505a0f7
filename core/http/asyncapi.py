"""The AsyncAPI 3.0 document of the gateway: its own events, every plugin's, and what its topics carry."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from core.events.catalogue import permission_of
from core.http import live_types
from core.http.live_types import LiveTypes
from core.http.openapi import API_VERSION
from core.realtime import protocol

if TYPE_CHECKING:
    from core.events.event import Event
    from core.http.application import Application
    from core.plugins.spec import Plugin
    from core.realtime.spec import Topic

VERSION = "3.0.0"
EVENTS = "events"
"""The topic whose items are the events that plugins declare."""
Document = dict[str, Any]
_DEFAULT = "default"
_TOKEN = "The access token of the API, as `{token}` in the `auth` payload of every namespace; never in the address."  # noqa: S105 - about tokens
_BINDING = {
    "ws": {
        "method": "GET",
        "query": {
            "type": "object",
            "required": ["EIO", "transport"],
            "properties": {"EIO": {"const": "4"}, "transport": {"const": "websocket"}},
        },
        "bindingVersion": "0.1.0",
    }
}


class Asyncapi:
    """Makes the document once per process."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._built: bytes | None = None
        self._building = threading.Lock()

    def bytes(self) -> bytes:
        """The document as JSON."""
        with self._building:
            if self._built is None:
                self._built = msgspec.json.encode(self.document())
            return self._built

    def types(self) -> LiveTypes:
        """The types the document is about."""
        return LiveTypes(self._app.extensions["tripfile.plugins"], self._app.api.strangers())

    def document(self) -> Document:
        """The whole document. Raises NameTaken when two wire types share a name."""
        types = self.types()
        writing = _Writing(types)
        writing.default_namespace()
        for plugin in self._app.extensions["tripfile.plugins"].plugins.values():
            writing.plugin(plugin)
        return {
            "asyncapi": VERSION,
            "info": {
                "title": "Tripfile, live",
                "version": API_VERSION,
                "description": protocol.GUIDE,
                "tags": writing.tags,
            },
            "defaultContentType": "application/json",
            "servers": {"gateway": _server(self._app)},
            "channels": writing.channels,
            "operations": writing.operations,
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": _TOKEN}
                },
                "schemas": dict(sorted(types.components.items())),
            },
        }


def _server(app: Application) -> Document:
    settings = app.settings
    base = urlsplit(settings.base_url or f"http://{settings.host}:{settings.port}")
    return {
        "host": base.netloc,
        "pathname": "/socket.io/",
        "protocol": "wss" if base.scheme == "https" else "ws",
        "description": "Socket.IO 4 over WebSocket.",
        "security": [{"$ref": "#/components/securitySchemes/token"}],
    }


class _Writing:
    """The parts of the document as they come together."""

    def __init__(self, types: LiveTypes) -> None:
        self.types = types
        self.channels: Document = {}
        self.operations: Document = {}
        self.tags: list[Document] = []

    def default_namespace(self) -> None:
        """What the gateway itself takes and sends in `/`."""
        self._channel(_DEFAULT, protocol.DEFAULT, "Topics, and the connection itself.")
        self._protocol(_DEFAULT, {"default", "any"})

    def plugin(self, plugin: Plugin) -> None:
        """A plugin's namespace and its topics."""
        if plugin.sockets or plugin.emits or plugin.rooms:
            self.tags.append({"name": plugin.name, "description": plugin.summary})
            self._channel(plugin.name, f"/{plugin.segment}", plugin.summary)
            self._protocol(plugin.name, {"plugin", "any"} if plugin.rooms else {"any"})
            if plugin.rooms:
                kinds = {room.kind: room.summary for room in plugin.rooms}
                self.channels[plugin.name]["x-rooms"] = kinds
            for name, handler in plugin.sockets.items():
                summary = (inspect.getdoc(handler.function) or name).partition("\n")[0]
                self._request(
                    plugin.name, name, summary, handler.accepts, handler.answers,
                    {"x-permission": handler.permission, "x-rate": handler.rate},
                )  # fmt: skip
            for name, data in plugin.emits.items():
                self._send(plugin.name, name, (inspect.getdoc(data) or name).partition("\n")[0], data)
        for topic in plugin.topics:
            self._topic(topic)

    def _channel(self, name: str, address: str, summary: str) -> None:
        self.channels[name] = {
            "address": address,
            "title": f"The namespace {address}",
            "summary": summary,
            "servers": [{"$ref": "#/servers/gateway"}],
            "messages": {},
            "bindings": _BINDING,
        }

    def _protocol(self, channel: str, sides: set[str]) -> None:
        for name, request in protocol.REQUESTS.items():
            if request.namespace in sides:
                self._request(
                    channel, name, request.summary, request.accepts, request.answers, {"x-rate": request.rate}
                )
        for name, announcement in protocol.ANNOUNCEMENTS.items():
            if announcement.namespace in sides:
                self._send(channel, name, announcement.summary, announcement.data)

    def _request(
        self, channel: str, name: str, summary: str, accepts: type, answers: type | None, more: Document
    ) -> None:
        asked = self._message(channel, f"{name}.request", name, summary, self.types.schema(accepts))
        answer = self._message(channel, f"{name}.answer", name, f"Acknowledges {name}.", self._answer(answers))
        self.operations[f"{channel}.receive.{name}"] = {
            "action": "receive",
            "title": name,
            "summary": summary,
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [asked],
            "reply": {"channel": {"$ref": f"#/channels/{channel}"}, "messages": [answer]},
            **more,
        }

    def _send(self, channel: str, name: str, summary: str, data: type) -> None:
        message = self._message(channel, name, name, summary, self.types.schema(data))
        self._operation(channel, name, summary, [message])

    def _topic(self, topic: Topic) -> None:
        channel = f"topic.{topic.name}"
        self._channel(channel, protocol.DEFAULT, topic.summary)
        self.channels[channel] |= {
            "title": f"The topic {topic.name}",
            "description": f'Items of `stream.pull {{"topic": "{topic.name}"}}`.',
            "x-topic": topic.name,
        }
        if topic.name == EVENTS and live_types.item_field(topic.item):
            messages = [self._event(channel, topic.item, name, kind) for name, kind in self.types.events.items()]
        else:
            schema = self.types.schema(topic.item)
            messages = [self._message(channel, "item", f"{topic.name} item", topic.summary, schema)]
        more = {"x-permission": str(topic.permission)} if topic.permission else {}
        self._operation(channel, "items", topic.summary, messages, more)

    def _event(self, channel: str, item: type, name: str, kind: type[Event]) -> Document:
        """An item of the log that holds this event."""
        field = live_types.item_field(item)
        own = self.types.schema(kind)
        narrowed = {"type": "object", "properties": {"name": {"const": name}, field: own}}
        schema = {"allOf": [self.types.schema(item), narrowed]}
        example = self.types.example(self.types.schema(item)) | {"name": name, field: self.types.example(own)}
        if "schema_version" in example:
            example["schema_version"] = kind.schema_version
        more = {"x-schema-version": kind.schema_version, "x-permission": permission_of(kind, self.types.plugins)}
        summary = (inspect.getdoc(kind) or name).partition("\n")[0]
        return self._message(channel, name, name, summary, schema, example, more)

    def _operation(
        self, channel: str, name: str, summary: str, messages: list[Document], more: Document | None = None
    ) -> None:
        self.operations[f"{channel}.send.{name}"] = {
            "action": "send",
            "title": name,
            "summary": summary,
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": messages,
            **(more or {}),
        }

    def _message(
        self,
        channel: str,
        key: str,
        name: str,
        summary: str,
        payload: Document,
        example: Any = None,
        more: Document | None = None,
    ) -> Document:
        """Add a message to a channel; the reference to it."""
        self.channels[channel]["messages"][key] = {
            "name": name,
            "title": name,
            "summary": summary,
            "payload": payload,
            "examples": [{"payload": self.types.example(payload) if example is None else example}],
            **(more or {}),
        }
        return {"$ref": f"#/channels/{channel}/messages/{key}"}

    def _answer(self, answers: type | None) -> Document:
        data = self.types.schema(answers) if answers else {"type": "null"}
        done = {
            "type": "object",
            "description": inspect.getdoc(protocol.Done),
            "required": ["ok", "data"],
            "properties": {"ok": {"enum": [True]}, "data": data},
        }
        return {"anyOf": [done, self.types.schema(protocol.Failed)]}
