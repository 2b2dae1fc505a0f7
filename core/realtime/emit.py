"""Sending to browsers: after the commit, to the sockets of this process at once, and through the bus to all others."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
from flask import current_app

from core import ids
from core.bus import bus
from core.db import closing
from core.disclosure import concealed
from core.extensions import db

CHANNEL = "sockets"
"""Where the bus carries emits."""
HEADS = "heads"
"""Where the bus carries the new heads of streams."""
LARGEST = 64_000
"""Bytes of one event: it is sent to everybody in a room, and the bus carries it to every process."""


class Undeclared(RuntimeError):
    """A plugin sends an event or a Struct that it did not declare in `Plugin.emits`: a defect."""


class TooLarge(ValueError):
    """An event has more in it than is sent to everybody: send an id, and let clients ask for the rest."""


class Emission(msgspec.Struct, frozen=True, array_like=True):
    """An event on its way to the sockets in a room."""

    namespace: str
    event: str
    data: msgspec.Raw
    room: str
    origin: str
    """The process that sent it, which has delivered it already."""


class NewHead(msgspec.Struct, frozen=True, array_like=True):
    """A stream has grown to this number."""

    agency_id: UUID
    scope: str
    seq: int
    origin: str


Live = Emission | NewHead


def listeners() -> list[Callable[[Live], None]]:
    """What the running application hands its own emits and heads to, without the bus: the gateway, where it has one."""
    found: list[Callable[[Live], None]] = current_app.extensions.setdefault("tripfile.live", [])
    return found


def origin() -> str:
    """The name of this process among all that share the bus."""
    made = current_app.extensions.setdefault("tripfile.origin", ids.new().hex)
    # Whatever is forked has a name of its own.
    return f"{made}-{os.getpid()}"


def emit(event: str, data: msgspec.Struct, *, room: str) -> None:
    """Send `<plugin>.<word>` to the sockets in a room once the unit of work commits; it may be lost.

    For what nobody needs to find again (typing, cursors, progress). Raises Undeclared, TooLarge.
    """
    message = _emission(event, data, room)
    closing.of(db.session()).then(lambda: _send(CHANNEL, [message]))


def emit_now(event: str, data: msgspec.Struct, *, room: str) -> None:
    """The same without waiting for a commit: for what is true already, such as how far a long job is."""
    _send(CHANNEL, [_emission(event, data, room)])


def _emission(event: str, data: msgspec.Struct, room: str) -> Emission:
    plugin, _, word = event.partition(".")
    declaring = current_app.extensions["tripfile.plugins"].plugins.get(plugin)
    if declaring is None or declaring.emits.get(word) is not type(data):
        raise Undeclared(f"{event} with {type(data).__name__} is not declared in the `emits` of {plugin}")
    # Everybody in a room gets the same: whoever may see more asks for it.
    encoded = msgspec.json.encode(concealed(data))
    if len(encoded) > LARGEST:
        raise TooLarge(f"{event} has {len(encoded)} bytes; at most {LARGEST} are sent. Send an id instead")
    return Emission(f"/{declaring.segment}", word, msgspec.Raw(encoded), room, origin())


def announce_heads(committed: closing.Committed) -> None:
    """An `after_commit` listener: tell every gateway process which streams have grown."""
    here = origin() if committed.heads else ""
    _send(HEADS, [NewHead(head.agency_id, head.scope, head.seq, here) for head in committed.heads])


def _send(channel: str, messages: Sequence[Live]) -> None:
    if not messages:
        return
    for listener in listeners():
        for message in messages:
            listener(message)
    bus().publish(channel, [msgspec.json.encode(message) for message in messages])
