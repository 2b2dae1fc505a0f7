"""A WebSocket client that can misbehave: it sends whatever bytes it is told to, and reads only when it is told to."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

import msgspec

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
ADDRESS = "/socket.io/?EIO=4&transport=websocket"


class Handshake:
    """What the server answered."""

    def __init__(self, head: bytes) -> None:
        status, *lines = head.decode().split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class RawClient:
    """One connection. Reading gives up after `patience` seconds."""

    def __init__(self, port: int, *, receive_buffer: int | None = None, patience: float = 10) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(patience)
        self.socket.connect(("127.0.0.1", port))
        self._port = port
        self._buffer = b""

    def handshake(self, address: str = ADDRESS, *, method: str = "GET", **headers: str) -> Handshake:
        """Ask for a WebSocket. A header that is empty is left out; underscores are hyphens."""
        sent = {
            "Host": f"127.0.0.1:{self._port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{method} {address} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value)]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return Handshake(head)

    def body(self, handshake: Handshake) -> Any:
        """The problem that came instead of a WebSocket."""
        while len(self._buffer) < int(handshake.headers["content-length"]):
            self._receive()
        return msgspec.json.decode(self._buffer)

    def open(self) -> RawClient:
        """Shake hands, and read the opening packet."""
        assert self.handshake().status == 101
        opcode, payload = self.read()
        assert (opcode, payload[:1]) == (TEXT, b"0")
        return self

    def join(self, token: str | None, namespace: str = "/") -> bytes:
        """Connect a namespace; the answer."""
        auth = msgspec.json.encode({"token": token}).decode() if token else ""
        self.text("40" + ("" if namespace == "/" else namespace + ",") + auth)
        return self.packet()

    def emit(self, event: str, *arguments: Any, ack: int | None = None, namespace: str = "/") -> None:
        """Send an event."""
        head = "42" + ("" if namespace == "/" else namespace + ",") + ("" if ack is None else str(ack))
        self.text(head + msgspec.json.encode([event, *arguments]).decode())

    def text(self, message: str) -> None:
        """Send a text."""
        self.frame(TEXT, message.encode())

    def frame(self, opcode: int, payload: bytes = b"", **flags: int) -> None:
        """Send a frame; `final`, `reserved` and `masked` are 1, 0 and 1 unless told otherwise."""
        self.socket.sendall(frame(opcode, payload, **flags))

    def packet(self) -> bytes:
        """The next text that is no heartbeat."""
        while True:
            opcode, payload = self.read()
            if opcode == TEXT and payload == b"2":
                self.text("3")
            elif opcode == TEXT:
                return payload
            else:
                raise AssertionError(f"Instead of a packet came {opcode:#x} {payload!r}")

    def read(self) -> tuple[int, bytes]:
        """The next frame. Raises EOFError when the server has closed the connection."""
        head = self._exactly(2)
        size = head[1] & 0x7F
        if size > 125:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
        return head[0] & 0x0F, self._exactly(size)

    def farewell(self) -> tuple[list[bytes], int | None]:
        """Read until the end: the texts, and the code of the close frame."""
        texts: list[bytes] = []
        code = None
        try:
            while True:
                opcode, payload = self.read()
                if opcode == CLOSE:
                    code = int.from_bytes(payload[:2], "big")
                elif opcode == TEXT:
                    texts.append(payload)
        except (EOFError, ConnectionResetError):
            return texts, code

    def ping(self) -> float:
        """Seconds until a ping comes back; other frames in between are passed over."""
        started = time.monotonic()
        self.frame(PING, b"?")
        while True:
            opcode, payload = self.read()
            if opcode == PONG:
                return time.monotonic() - started
            if (opcode, payload) == (TEXT, b"2"):
                self.text("3")

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._receive()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def _receive(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError
        self._buffer += data


def frame(opcode: int, payload: bytes = b"", *, final: int = 1, reserved: int = 0, masked: int = 1) -> bytes:
    """The bytes of a frame."""
    size = len(payload)
    first = final << 7 | reserved << 4 | opcode
    if size <= 125:
        head = bytes((first, masked << 7 | size))
    elif size < 65_536:
        head = bytes((first, masked << 7 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, masked << 7 | 127)) + size.to_bytes(8, "big")
    # A mask of zeros is a mask.
    return head + (b"\0\0\0\0" if masked else b"") + payload


def figures(metrics: str) -> Mapping[str, float]:
    """What /metrics says, by name with labels."""
    lines = (line.rsplit(" ", 1) for line in metrics.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in lines}
