"""WebSocket frames (RFC 6455): wsproto reads them, with our bounds; what a server sends needs no more than a header."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TypeAlias

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import generate_accept_token

from gateway import limits
from gateway.limits import Refused

Told: TypeAlias = str | Ping | CloseConnection | None
"""A whole text, a ping, the client's goodbye; None for a frame that says nothing yet, or nothing at all."""
_TEXT, _CLOSE, _PONG = 0x1, 0x8, 0xA
_FIN = 0x80
_LARGEST_CONTROL = 125


def accept(key: str) -> bytes:
    """The answer to a handshake."""
    # permessage-deflate is not agreed to: 195 kB on the wire would be 470 MB in memory before anybody could look.
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + generate_accept_token(key.encode()) + b"\r\n\r\n"
    )


def text(message: str) -> bytes:
    """A frame with a text."""
    return _frame(_TEXT, message.encode())


def pong(payload: bytes) -> bytes:
    """The answer to a ping."""
    return _frame(_PONG, payload)


def close(code: int | None, reason: str = "") -> bytes:
    """The frame that ends a connection; without a code it says nothing."""
    if code is None:
        return _frame(_CLOSE, b"")
    # The cut must not go through a character.
    words = reason.encode()[: _LARGEST_CONTROL - 2].decode(errors="ignore")
    return _frame(_CLOSE, code.to_bytes(2, "big") + words.encode())


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= _LARGEST_CONTROL:
        head = bytes((_FIN | opcode, size))
    elif size < 65_536:
        head = bytes((_FIN | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


class Reader:
    """Makes whole messages of what a client sends; keeps at most one, and of that no more than is allowed."""

    __slots__ = ("_connection", "_parts", "_size", "largest")

    def __init__(self) -> None:
        self.largest = limits.LARGEST_BEFORE
        self._connection = Connection(ConnectionType.SERVER)
        self._parts: io.StringIO | None = None
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Told]:
        """What each frame tells that is now complete. Raises Refused."""
        self._connection.receive_data(data)
        for event in self._connection.events():
            if isinstance(event, TextMessage):
                message = self._joined(event)
                if event.frame_finished:
                    yield message
            elif isinstance(event, BytesMessage):
                raise Refused("binary", "Binary messages are not taken; send JSON", close_code=1003)
            elif isinstance(event, CloseConnection):
                yield self._goodbye(event)
            else:
                yield event if isinstance(event, Ping) else None

    def _joined(self, part: TextMessage) -> str | None:
        """The message, once this is the last of it."""
        self._size += len(part.data) if part.data.isascii() else len(part.data.encode())
        if self._size > self.largest:
            raise Refused("too_large", f"A message is at most {self.largest} bytes", close_code=1009)
        message = part.data
        if self._parts is not None or not part.message_finished:
            # Not a list: who sends single bytes would have a million of them kept.
            self._parts = self._parts or io.StringIO()
            self._parts.write(message)
            if not part.message_finished:
                return None
            message = self._parts.getvalue()
        self._parts, self._size = None, 0
        return message

    def _goodbye(self, event: CloseConnection) -> CloseConnection:
        """wsproto tells of a breach of the protocol as if the client had said it."""
        if self._connection.state is ConnectionState.OPEN:
            raise Refused("malformed", event.reason or "That is not WebSocket", close_code=int(event.code))
        return event
