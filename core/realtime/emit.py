"""Sending to browsers: after the commit, through the bus, to whichever gateway process holds the sockets."""

from __future__ import annotations

from uuid import UUID

import msgspec
from flask import current_app

from core.bus import bus
from core.db import closing
from core.extensions import db

CHANNEL = "sockets"
"""Where the bus carries emits."""
HEADS = "heads"
"""Where the bus carries the new heads of streams."""


class Undeclared(RuntimeError):
    """A plugin sends an event or a Struct that it did not declare in `Plugin.emits`: a defect."""


class Emission(msgspec.Struct, frozen=True, array_like=True):
    """An event on its way to the sockets in a room."""

    namespace: str
    event: str
    data: msgspec.Raw
    room: str


class NewHead(msgspec.Struct, frozen=True, array_like=True):
    """A stream has grown to this number."""

    agency_id: UUID
    scope: str
    seq: int


def emit(event: str, data: msgspec.Struct, *, room: str) -> None:
    """Send `<plugin>.<word>` to the sockets in a room once the unit of work commits; it may be lost.

    For what nobody needs to find again (typing, cursors, progress). Raises Undeclared.
    """
    plugin, _, word = event.partition(".")
    declared = current_app.extensions["tripfile.plugins"].plugins[plugin].emits.get(word)
    if declared is not type(data):
        raise Undeclared(f"{event} with {type(data).__name__} is not declared in the `emits` of {plugin}")
    namespace = "/" + plugin.replace("_", "-")
    message = msgspec.json.encode(Emission(namespace, word, msgspec.Raw(msgspec.json.encode(data)), room))
    running = bus()
    closing.of(db.session()).then(lambda: running.publish(CHANNEL, [message]))


def announce_heads(committed: closing.Committed) -> None:
    """An `after_commit` listener: tell every gateway process which streams have grown."""
    heads = [msgspec.json.encode(NewHead(head.agency_id, head.scope, head.seq)) for head in committed.heads]
    if heads:
        bus().publish(HEADS, heads)
