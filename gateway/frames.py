"""WebSocket frames (RFC 6455) as a server needs them: text in both directions, no extensions, every size bounded."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from gateway import limits
from gateway.limits import Refused

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_FIN, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_LARGEST_CONTROL = 125
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept(key: str) -> bytes:
    """The answer to a handshake."""
    # permessage-deflate is not agreed to: 195 kB on the wire would be 470 MB in memory before anybody could look.
    digest = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n"
    )


def text(message: str) -> bytes:
    """A frame with a text."""
    return _frame(TEXT, message.encode())


def pong(payload: bytes) -> bytes:
    """The answer to a ping."""
    return _frame(PONG, payload)


def close(code: int, reason: str) -> bytes:
    """The frame that ends a connection."""
    return _frame(CLOSE, code.to_bytes(2, "big") + reason.encode()[: _LARGEST_CONTROL - 2])


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
    """Cuts what a client sends into frames and joins fragments; keeps at most one message."""

    __slots__ = ("_buffer", "_fragments", "largest")

    def __init__(self) -> None:
        self.largest = limits.LARGEST_BEFORE
        self._buffer = bytearray()
        self._fragments: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Opcode and payload of each frame that is complete, None for all but the last fragment. Raises Refused."""
        self._buffer += data
        while (head := self._head()) is not None:
            final, opcode, start, size = head
            end = start + 4 + size
            if len(self._buffer) < end:
                return
            payload = _unmasked(self._buffer[start + 4 : end], self._buffer[start : start + 4])
            del self._buffer[:end]
            yield self._joined(final, opcode, payload)

    def _head(self) -> tuple[bool, int, int, int] | None:
        """Whether it is final, the opcode, where the mask starts, the size; None when more must come first."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if buffer[0] & _RESERVED:
            raise Refused("extension", "No extension was negotiated", close_code=1002)
        if not buffer[1] & _MASKED:
            raise Refused("unmasked", "Clients mask their frames", close_code=1002)
        final, opcode, size, start = bool(buffer[0] & _FIN), buffer[0] & 0x0F, buffer[1] & 0x7F, 2
        if size > _LARGEST_CONTROL:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        self._judge(final, opcode, size)
        return final, opcode, start, size

    def _judge(self, final: bool, opcode: int, size: int) -> None:  # noqa: FBT001 - the bit of the header
        """Before anything of the payload is kept."""
        if opcode in (CLOSE, PING, PONG):
            if size > _LARGEST_CONTROL or not final:
                raise Refused("malformed", "Control frames are short and whole", close_code=1002)
            return
        if opcode == BINARY:
            raise Refused("binary", "Binary messages are not taken; send JSON", close_code=1003)
        if opcode != (TEXT if self._fragments is None else _CONTINUATION):
            raise Refused("malformed", "The frames do not follow each other", close_code=1002)
        if size + len(self._fragments or b"") > self.largest:
            raise Refused("too_large", f"A message is at most {self.largest} bytes", close_code=1009)

    def _joined(self, final: bool, opcode: int, payload: bytes) -> tuple[int, bytes | None]:  # noqa: FBT001
        if opcode in (CLOSE, PING, PONG):
            return opcode, payload
        if final and self._fragments is None:
            return TEXT, payload
        self._fragments = (self._fragments if self._fragments is not None else bytearray()) + payload
        if not final:
            return TEXT, None
        whole, self._fragments = bytes(self._fragments), None
        return TEXT, whole


def _unmasked(payload: bytearray, mask: bytearray) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    # As one large number it takes microseconds; byte by byte a message of 1 MB would stall everybody.
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")
