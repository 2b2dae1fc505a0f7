"""Socket.IO as we speak it: JSON only, every refusal has a code, an event for a room is encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import engineio
import msgspec
import socketio
import socketio.packet
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket

from core.native import gevent_runs
from core.realtime.protocol import EventRefused, Failed
from gateway import frames, metrics
from gateway.limits import Refused

_AT_ONCE = 2_000
"""Deliveries, of one event or several, between two looks at what else is to be done: some milliseconds."""

_LONGEST_NAME = 100


class _Json:
    """What Socket.IO calls json; it takes Structs, UUIDs and dates as well."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str, **_options: Any) -> Any:
        return msgspec.json.decode(text)


class Packet(socketio.packet.Packet):  # type: ignore[misc]  # Socket.IO has no annotations
    """A packet without attachments."""

    uses_binary_events = False
    json = _Json


class Occupancy(socketio.Manager):  # type: ignore[misc]  # Socket.IO has no annotations
    """Who is in which room of this process; finding a connection's rooms does not look at everybody's."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms_of: dict[tuple[str, str], set[str | None]] = {}
        self._at_once = 0

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter a room; None is that of everybody."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        self._rooms_of.setdefault((namespace, sid), set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Leave a room."""
        super().basic_leave_room(sid, namespace, room)
        rooms = self._rooms_of.get((namespace, sid))
        if rooms is not None:
            rooms.discard(room)
            if not rooms:
                del self._rooms_of[namespace, sid]

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a connection."""
        for room in list(self._rooms_of.get((namespace, sid), ())):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """The rooms a connection is in."""
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **options: Any,
    ) -> None:
        """Send an event to a room; a tuple is several arguments."""
        if callback is not None:
            super().emit(event, data, namespace, room, skip_sid, callback, to, **options)
            return
        arguments = data if isinstance(data, tuple) else () if data is None else (data,)
        self._deliver([event, *arguments], namespace, to or room, skip_sid)

    def _deliver(self, content: list[Any], namespace: str, room: Any, skip: Any) -> None:
        if namespace not in self.rooms:
            return
        skipped = set(skip) if isinstance(skip, list) else {skip}
        text = Packet(socketio.packet.EVENT, namespace=namespace, data=content).encode()
        write, count = self._writer(text), 0
        for sid, eio_sid in self.get_participants(namespace, room):
            if sid not in skipped:
                write(eio_sid)
                count += 1
                self._pause()
        metrics.emits.inc()
        metrics.deliveries.inc(count)

    def _pause(self) -> None:
        self._at_once += 1
        if self._at_once >= _AT_ONCE:
            self._at_once = 0
            self.server.sleep(0)

    def _writer(self, text: str) -> Callable[[str], None]:
        """Writes the same frame to each connection."""
        pkt = EnginePacket(MESSAGE, text)
        if not gevent_runs():
            # Where Socket.IO's own managers send, and test clients listen.
            return lambda eio_sid: self.server._send_eio_packet(eio_sid, pkt)  # noqa: SLF001
        frame, sockets = frames.text(pkt.encode()), self.server.eio.sockets

        def write(eio_sid: str) -> None:
            socket = sockets.get(eio_sid)
            if socket is not None:
                socket.write(frame)

        return write


class Server(socketio.Server):  # type: ignore[misc]  # Socket.IO has no annotations
    """Reads packets strictly; whoever sends others is told and closed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"serializer": Packet, "client_manager": Occupancy(), **options})
        self.eio.explain = self._explain

    def namespaces_of(self, eio_sid: str) -> Iterator[str]:
        """The namespaces a connection is in."""
        for namespace in list(self.manager.get_namespaces()):
            if self.manager.sid_from_eio_sid(eio_sid, namespace):
                yield namespace

    def end_transport(self, eio_sid: str, *, code: int, reason: str) -> None:
        """Close a connection's transport: the stock client reconnects and asks its callback for a token."""
        socket = self.eio.sockets.get(eio_sid)
        if socket is None:
            return
        if hasattr(socket, "end"):
            socket.end(code, reason)
        else:
            self.eio.disconnect(eio_sid)

    def _engineio_server_class(self) -> type[Any]:
        if not gevent_runs():
            # Without gevent there are only test clients.
            server: type[Any] = engineio.Server
            return server
        from gateway.engine import Engine

        return Engine

    def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        wanted = namespace or "/"
        if wanted not in self.handlers and wanted not in self.namespace_handlers and wanted not in self.namespaces:
            self._refuse_namespace(eio_sid, wanted, "unknown_namespace", "There is no such namespace")
        elif self.manager.sid_from_eio_sid(eio_sid, wanted) is not None:
            self._refuse_namespace(eio_sid, wanted, "already_connected", "This namespace is connected")
        else:
            super()._handle_connect(eio_sid, namespace, data)
            self._welcome(eio_sid, wanted)

    def _refuse_namespace(self, eio_sid: str, namespace: str, code: str, message: str) -> None:
        # The stock client makes an Error of the message and gives it `data`.
        refusal = {"message": message, "data": {"code": code, "message": message}}
        self._send_packet(eio_sid, Packet(socketio.packet.CONNECT_ERROR, data=refusal, namespace=namespace))

    def _welcome(self, eio_sid: str, namespace: str) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if hasattr(socket, "welcome") and self.manager.sid_from_eio_sid(eio_sid, namespace) is not None:
            socket.welcome()

    def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        pkt = _decoded(data)
        if pkt.packet_type == socketio.packet.CONNECT:
            self._handle_connect(eio_sid, pkt.namespace, pkt.data)
        elif pkt.packet_type == socketio.packet.DISCONNECT:
            self._handle_disconnect(eio_sid, pkt.namespace, self.reason.CLIENT_DISCONNECT)
        elif pkt.packet_type == socketio.packet.EVENT:
            self._handle_event(eio_sid, pkt.namespace, pkt.id, pkt.data)
        else:
            self._handle_ack(eio_sid, pkt.namespace, pkt.id, pkt.data)

    def _handle_event_internal(
        self, _server: Any, sid: str, eio_sid: str, sent: list[Any], namespace: str, ack: int | None
    ) -> None:
        answer = self._trigger_event(sent[0], namespace, sid, *sent[1:])
        if ack is not None:
            self._send_packet(eio_sid, Packet(socketio.packet.ACK, namespace=namespace, id=ack, data=[answer]))
        elif isinstance(answer, Failed):
            # Whoever asked for no answer must not believe that it was done.
            refused = EventRefused(sent[0][:_LONGEST_NAME], answer.code, answer.message, answer.errors)
            content = ["event.refused", refused]
            self._send_packet(eio_sid, Packet(socketio.packet.EVENT, namespace=namespace, data=content))

    def _explain(self, eio_sid: str, refusal: Refused) -> None:
        """In the first namespace it is in; one that is in none reads it in the close frame."""
        data = {"code": refusal.code, "message": refusal.message}
        for namespace in self.namespaces_of(eio_sid):
            content = ["server.refused", data]
            self._send_packet(eio_sid, Packet(socketio.packet.EVENT, namespace=namespace, data=content))
            return


_WITH_LIST = frozenset({socketio.packet.EVENT, socketio.packet.ACK})
_TAKEN = frozenset({socketio.packet.CONNECT, socketio.packet.DISCONNECT, *_WITH_LIST})


def _decoded(data: Any) -> Packet:
    """The packet. Raises Refused: nothing half understood reaches a handler."""
    if not isinstance(data, str):
        raise Refused("binary", "Binary messages are not taken; send JSON", close_code=1003)
    try:
        pkt = Packet(encoded_packet=data)
    except (ValueError, RecursionError, IndexError):
        # msgspec's errors are ValueErrors as well.
        raise Refused("malformed", "That is not a packet of Socket.IO 5") from None
    if pkt.packet_type in (socketio.packet.BINARY_EVENT, socketio.packet.BINARY_ACK) or pkt.attachment_count:
        raise Refused("binary", "Attachments are not taken; send JSON", close_code=1003)
    if pkt.packet_type not in _TAKEN or (pkt.packet_type in _WITH_LIST and not _fits(pkt)):
        raise Refused("malformed", "That is not a packet of Socket.IO 5")
    return pkt


def _fits(pkt: Packet) -> bool:
    if not isinstance(pkt.data, list):
        return False
    return pkt.packet_type == socketio.packet.ACK or bool(pkt.data and isinstance(pkt.data[0], str))
