"""The gateway of one process: its parts, and what they listen to."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from flask import Flask
from socketio import Namespace

from core.bus import Bus
from core.db.session import at_end
from core.realtime import emit
from core.realtime.protocol import DEFAULT
from core.revocations import api as revocations
from gateway import access
from gateway.chores import Chores
from gateway.credentials import Credentials
from gateway.delivery import Delivery
from gateway.dispatch import Dispatch
from gateway.handshake import Handshake
from gateway.heads import Heads
from gateway.packets import Server
from gateway.presence import CHANNEL, Announced, Entry, Presences
from gateway.rooms import Rooms
from gateway.sessions import Sessions
from gateway.sockets import Sockets
from gateway.topics import Topics

log = structlog.get_logger()


class Gateway:
    """Everything that serves the sockets of one process; its background begins with the first connection."""

    def __init__(self, app: Flask, server: Server) -> None:
        self._app = app
        self.sockets = Sockets(server)
        self.sessions = Sessions()
        self.chores = Chores()
        self.presences = Presences(self.sockets, self._publish, self._wake)
        self.topics = Topics(self.sockets)
        self.rooms = Rooms(self.sockets, self.presences)
        self.credentials = Credentials(app, self.sockets, self.sessions, self.topics, self.rooms, self.chores.later)
        self.heads = Heads(app, self.sockets, self.topics, self.chores.later)
        ticks = (self.credentials.tick, self.presences.tick, self.heads.tick)
        self.delivery = Delivery(self.sockets, self.presences, ticks)
        self.dispatch = Dispatch(app, self.topics, self.rooms, self.credentials)
        self.handshake = Handshake(app, self.sockets, self.sessions, self.topics, self.rooms, self.credentials)
        self._lock = threading.Lock()
        self._origin = ""
        self._ends: list[Callable[[], None]] = []
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            emit.CHANNEL: msgspec.json.Decoder(emit.Emission),
            emit.HEADS: msgspec.json.Decoder(emit.NewHead),
            CHANNEL: msgspec.json.Decoder(Announced),
        }
        for namespace in (DEFAULT, *access.namespaces(app.extensions["tripfile.plugins"])):
            server.register_namespace(_Door(namespace, self))

    def start(self) -> None:
        """Listen and send, unless that has begun. Not before the first connection: the process may yet be forked."""
        if self._ends:
            return
        with self._lock:
            if not self._ends:
                self._listen()
                at_end(self._app, self.close)

    def close(self) -> None:
        """Stop listening, send what is pending, and end the background."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            end()

    def _listen(self) -> None:
        with self._app.app_context():
            self._origin = emit.origin()
            listening = emit.listeners()
        self.delivery.start()
        self.chores.start()
        listening.append(self.delivery.take)
        bus: Bus = self._app.extensions["tripfile.bus"]
        heard = bus.subscribe(list(self._decoders), self._hear, self._reconnected)
        unwatch = revocations.watch(self._app).on(self.credentials.revoked)
        deaf = functools.partial(listening.remove, self.delivery.take)
        self._ends = [heard.close, unwatch, deaf, self.delivery.close, self.chores.close]

    def _hear(self, channel: str, message: bytes) -> None:
        try:
            told = self._decoders[channel].decode(message)
        except msgspec.MsgspecError:
            # From a process of another version, while they are being replaced.
            log.warning("gateway.unreadable_message", channel=channel)
            return
        # What this process said itself was sent at once, whether or not there is a bus.
        if told.origin == self._origin:
            return
        if isinstance(told, Announced):
            self.presences.take(told)
        else:
            self.delivery.take(told)

    def _reconnected(self) -> None:
        """Hints may have been missed, and this process may be new to the others."""
        self.heads.all()
        self.presences.ask()

    def _publish(self, entries: list[Entry], asks: bool) -> None:  # noqa: FBT001 - a field of the message
        bus: Bus = self._app.extensions["tripfile.bus"]
        bus.publish(CHANNEL, [msgspec.json.encode(Announced(self._origin, entries, asks))])

    def _wake(self) -> None:
        self.delivery.wake()


class _Door(Namespace):  # type: ignore[misc]  # Socket.IO has no annotations.
    """Where Socket.IO hands over what happens in a namespace."""

    def __init__(self, namespace: str, gateway: Gateway) -> None:
        super().__init__(namespace)
        self._gateway = gateway

    def trigger_event(self, event: Any, sid: str, *sent: Any) -> Any:
        """Let in, let go, or answer."""
        gateway, namespace = self._gateway, self.namespace
        # A client may send events of these two names as well.
        if not gateway.sockets.is_connected(namespace, sid):
            if event == "connect":
                gateway.start()
                gateway.handshake.connect(namespace, sid, *sent)
                return None
            if event == "disconnect":
                gateway.handshake.disconnect(namespace, sid)
                return None
        return gateway.dispatch.answer(gateway.handshake.session_of(namespace, sid), namespace, event, sent)
