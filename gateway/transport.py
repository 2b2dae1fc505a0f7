"""One connection: a greenlet reads, writes go out at once, and only what the client does not take has to wait.

It stands for engine.io's own socket on simple-websocket, which writes with `send` (a short write corrupts the stream),
keeps any number of packets for who does not read, inflates before it measures, and takes four greenlets.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from socket import SHUT_RDWR, SHUT_WR, SO_SNDBUF, SOL_SOCKET
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from engineio import packet

from gateway import frames, limits, metrics
from gateway.limits import Allowance, Refused

if TYPE_CHECKING:
    from gateway.engine import Engine

log = structlog.get_logger()
_CHUNK = 65_536
_STALLED = 45.0
"""Seconds a client may take nothing at all while something waits for it: those of two missed heartbeats."""


class Gone(Exception):
    """The client has ended the connection."""


class Socket:
    """What the engine holds of a connection; the names are engine.io's."""

    __slots__ = (
        "_allowance", "_leaving", "_raw", "_reader", "_reason", "_waiting", "_waiting_bytes",
        "answered", "closed", "closing", "server", "session", "sid", "welcomed",
    )  # fmt: skip
    connected = True
    upgraded = True

    def __init__(self, server: Engine, sid: str, raw: Any) -> None:
        self.server = server
        self.sid = sid
        self.session: dict[str, Any] = {}
        self.closing = False
        self.closed = False
        self.answered = True
        """Whether the last heartbeat came back."""
        self.welcomed = False
        """Whether a namespace has let it in."""
        self._raw = raw
        self._reader = frames.Reader()
        self._allowance = Allowance()
        self._leaving = False
        self._reason: str = server.reason.TRANSPORT_CLOSE
        self._waiting: deque[bytes] | None = None
        self._waiting_bytes = 0
        raw.setsockopt(SOL_SOCKET, SO_SNDBUF, limits.SEND_BUFFER)

    def welcome(self) -> None:
        """A namespace has let it in: larger messages from now on."""
        self.welcomed = True
        self._reader.largest = limits.LARGEST

    def send(self, pkt: packet.Packet) -> None:
        """Send a packet, or keep it until the client reads. The frame is made once for all who get the packet."""
        frame = pkt.__dict__.get("frame")
        if frame is None:
            frame = pkt.__dict__["frame"] = frames.text(pkt.encode())
        self.write(frame)

    def write(self, frame: bytes) -> None:
        """Send bytes without waiting."""
        if self._leaving:
            return
        if self._waiting is not None:
            self._keep(frame)
            return
        try:
            sent = self._raw.send(frame, 0, 0.0)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.cut()
            return
        if sent < len(frame):
            self._keep(frame[sent:])

    def serve(self) -> None:
        """Read until the connection ends."""
        try:
            while data := self._raw.recv(_CHUNK):
                # While the client learns why, the rest of what it sends is not looked at.
                if not self._leaving:
                    self._take(data)
        except Gone:
            self._reason = self.server.reason.CLIENT_DISCONNECT
        except OSError:
            self._reason = self.server.reason.TRANSPORT_ERROR
        finally:
            self.cut()
            self.close(wait=False, abort=True)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002 - engine.io's signature
        """Tell the application that the client is gone, then let it go; the stock client then comes back."""
        if self.closing:
            return
        self.closing = True
        self.server.disconnected(self.sid, reason or self._reason)
        if not abort:
            self.send(packet.Packet(packet.CLOSE))
        self.closed = True
        self.end(1000, "")

    def end(self, code: int, words: str) -> None:
        """Close the transport with a reason; whatever waits is still sent, for a moment."""
        if self._leaving:
            return
        self.write(frames.close(code, words))
        self._leaving = True
        if self._waiting is None:
            self._half_close()
        gevent.spawn_later(limits.GOODBYE_SECONDS, self.cut)

    def cut(self) -> None:
        """Close the transport at once."""
        self._leaving = True
        with suppress(OSError):
            self._raw.shutdown(SHUT_RDWR)

    def silent(self) -> None:
        """No heartbeat came back: close the transport."""
        metrics.silent.inc()
        self._reason = self.server.reason.PING_TIMEOUT
        self.cut()

    def _take(self, data: bytes) -> None:
        try:
            for opcode, payload in self._reader.feed(data):
                self._allowance.spend()
                if payload is not None:
                    self._frame(opcode, payload)
                if self._leaving:
                    return
        except Refused as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Refused) -> None:
        """Tell the client what it did, and close its transport."""
        metrics.refused_packets.labels(refusal.code).inc()
        self.server.explain(self.sid, refusal)
        self.end(refusal.close_code, refusal.message)

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.TEXT:
            self._packet(payload)
        elif opcode == frames.PING:
            self.write(frames.pong(payload))
        elif opcode == frames.CLOSE:
            self.write(frames.close(1000, ""))
            raise Gone

    def _packet(self, payload: bytes) -> None:
        try:
            message = payload.decode()
        except UnicodeDecodeError:
            raise Refused("malformed", "Text is UTF-8", close_code=1007) from None
        kind = message[:1]
        if kind == "4":
            metrics.received.inc()
            self.server.received(self.sid, message[1:])
        elif kind == "3":
            self.answered = True
        elif kind == "1":
            raise Gone
        elif kind == "b":
            raise Refused("binary", "Binary messages are not taken; send JSON", close_code=1003)
        elif kind != "6":
            raise Refused("malformed", "That is not a packet of Engine.IO 4")

    def _keep(self, frame: bytes) -> None:
        first = self._waiting is None
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        if len(self._waiting) > limits.WAITING or self._waiting_bytes > limits.WAITING_BYTES:
            metrics.slow.inc()
            self._waiting.clear()
            self.cut()
        elif first:
            gevent.spawn(self._drain)

    def _drain(self) -> None:
        """Send what waits, in order, as fast as the client takes it."""
        assert self._waiting is not None
        try:
            with gevent.Timeout(_STALLED, OSError("The client reads nothing")) as patience:
                while self._waiting:
                    frame = self._waiting[0]
                    sent = self._raw.send(frame)
                    if not self._waiting:
                        # Cut off meanwhile.
                        break
                    self._waiting_bytes -= sent
                    if sent == len(frame):
                        self._waiting.popleft()
                    else:
                        self._waiting[0] = frame[sent:]
                    patience.close()
                    patience.start()
        except OSError:
            self.cut()
        self._waiting = None
        self._waiting_bytes = 0
        if self._leaving:
            self._half_close()

    def _half_close(self) -> None:
        # Closing both directions at once could throw away the last words on their way.
        with suppress(OSError):
            self._raw.shutdown(SHUT_WR)
