"""The Socket.IO server as the rest of the gateway sees it: sockets, rooms, transports."""

from __future__ import annotations

from typing import Any

from gateway.packets import Server

_POLICY = 1008
"""Why a WebSocket is closed by one who may (RFC 6455, 7.4.1)."""


class Sockets:
    """Sends to the sockets of this process, and to no other."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def transport_of(self, namespace: str, sid: str) -> str | None:
        """The transport of a socket."""
        found: str | None = self._server.manager.eio_sid_from_sid(sid, namespace)
        return found

    def is_connected(self, namespace: str, sid: str) -> bool:
        """Whether a socket is admitted; not while it is being admitted or is leaving."""
        return bool(self._server.manager.is_connected(sid, namespace))

    def anybody_in(self, namespace: str, room: str) -> bool:
        """Whether a room has sockets here."""
        return room in self._server.manager.rooms.get(namespace, {})

    def emit(self, namespace: str, event: str, data: Any, *, to: str) -> None:
        """Send to a room, or to one socket."""
        if self.anybody_in(namespace, to):
            self._server.emit(event, data, namespace=namespace, to=to)

    def enter(self, namespace: str, sid: str, room: str) -> None:
        """Put a socket into a room."""
        self._server.enter_room(sid, room, namespace=namespace)

    def leave(self, namespace: str, sid: str, room: str) -> None:
        """Take a socket out of a room."""
        self._server.leave_room(sid, room, namespace=namespace)

    def dismiss(self, namespace: str, sid: str) -> None:
        """Disconnect a socket from its namespace; the client does not come back by itself."""
        self._server.disconnect(sid, namespace=namespace)

    def close(self, transport: str, reason: str) -> None:
        """Close a transport, after what is queued for it; the stock client connects again by itself."""
        self._server.end_transport(transport, code=_POLICY, reason=reason)
