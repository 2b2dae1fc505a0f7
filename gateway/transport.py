"""One connection: a greenlet reads; what is written in one turn of the loop leaves in one call; nothing piles up."""

from __future__ import annotations

from contextlib import suppress
from socket import SHUT_RDWR, SHUT_WR, SO_SNDBUF, SOL_SOCKET
from typing import TYPE_CHECKING, Any

import gevent
import structlog
from engineio import packet
from wsproto.events import CloseConnection, Ping

from gateway import frames, limits, metrics
from gateway.limits import Allowance, Refused

if TYPE_CHECKING:
    from gateway.engine import Engine

log = structlog.get_logger()
_CHUNK = 65_536
_TOGETHER = 64
"""Frames that leave in one call."""
_STALLED = 45.0
"""Seconds a client may take nothing at all while something waits for it: those of two missed heartbeats."""
_NO_CODE = 1005


class Gone(Exception):
    """The client has ended the connection."""


class Socket:
    """What the engine holds of a connection; the names are engine.io's.

    It stands for engine.io's own on simple-websocket, which writes with `send` (a short write corrupts the stream),
    keeps any number of packets for who does not read, inflates before it measures, and takes four greenlets.
    """

    __slots__ = (
        "_allowance", "_leaving", "_native", "_raw", "_reader", "_reason", "_stuck", "_waiting", "_waiting_bytes",
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
        # gevent's own `send` would wait, and costs as much again as the system call.
        self._native = raw._sock  # noqa: SLF001
        self._reader = frames.Reader()
        self._allowance = Allowance()
        self._leaving = False
        self._reason: str = server.reason.TRANSPORT_CLOSE
        self._waiting: list[bytes] = []
        self._stuck = False
        """Whether the client does not take what waits; then a greenlet of its own sends it."""
        self._waiting_bytes = 0
        raw.setsockopt(SOL_SOCKET, SO_SNDBUF, limits.SEND_BUFFER)

    def welcome(self) -> None:
        """A namespace has let it in: larger messages from now on."""
        self.welcomed = True
        self._reader.largest = limits.LARGEST

    def send(self, pkt: packet.Packet) -> None:
        """Send a packet."""
        self.write(frames.text(pkt.encode()))

    def write(self, frame: bytes) -> None:
        """Have a frame sent by the end of this turn of the loop, or as soon as the client reads again."""
        if self._leaving:
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        if self._stuck:
            self._bound()
        elif len(self._waiting) >= _TOGETHER or self._waiting_bytes >= _CHUNK:
            self.flush()
        elif len(self._waiting) == 1:
            self.server.flush_soon(self)

    def flush(self) -> None:
        """Send what waits, as far as that goes without waiting."""
        if self._stuck or not self._waiting:
            return
        try:
            sent = self._native.sendmsg(self._waiting)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.cut()
            return
        self._forget(sent)
        if self._waiting:
            self._stuck = True
            gevent.spawn(self._drain)
            self._bound()

    def serve(self) -> None:
        """Read until the connection ends."""
        try:
            while data := self._raw.recv(_CHUNK):
                # While the client learns why, the rest of what it sends is not looked at.
                if not self._leaving:
                    self._take(data)
                if len(data) == _CHUNK:
                    # There is more, and reading it would let nobody else have a turn.
                    gevent.sleep(0)
        except Gone:
            self._reason = self.server.reason.CLIENT_DISCONNECT
        except OSError:
            # One that was cut because it fell silent breaks like any other.
            if self._reason == self.server.reason.TRANSPORT_CLOSE:
                self._reason = self.server.reason.TRANSPORT_ERROR
        finally:
            self.cut()
            self.close(wait=False, abort=True)
            # The heartbeat still holds this for a while; not what it was sent.
            self._reader = frames.Reader()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002 - engine.io's signature
        """Tell the application that the client is gone, then let it go; the stock client then comes back."""
        if self.closing:
            return
        self.closing = True
        self.server.disconnected(self.sid, reason or self._reason)
        if not abort:
            self.send(packet.Packet(packet.CLOSE))
        self.closed = True
        self.end(1000)

    def end(self, code: int | None, words: str = "") -> None:
        """Close the transport with a reason; whatever waits is still sent, for a moment."""
        if self._leaving:
            return
        self.write(frames.close(code, words))
        self._leaving = True
        self.flush()
        if not self._stuck:
            self._half_close()
        gevent.spawn_later(limits.GOODBYE_SECONDS, self.cut)

    def cut(self) -> None:
        """Close the transport at once."""
        self._leaving = True
        self._waiting.clear()
        self._waiting_bytes = 0
        with suppress(OSError):
            self._raw.shutdown(SHUT_RDWR)

    def silent(self) -> None:
        """No heartbeat came back: close the transport."""
        metrics.silent.inc()
        self._reason = self.server.reason.PING_TIMEOUT
        self.cut()

    def _take(self, data: bytes) -> None:
        try:
            for told in self._reader.feed(data):
                self._allowance.spend()
                if isinstance(told, str):
                    self._packet(told)
                elif told is not None:
                    self._control(told)
                if self._leaving:
                    return
        except Refused as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Refused) -> None:
        """Tell the client what it did, and close its transport."""
        metrics.refused_packets.labels(refusal.code).inc()
        self.server.explain(self.sid, refusal)
        self.end(refusal.close_code, refusal.message)

    def _control(self, told: Ping | CloseConnection) -> None:
        if isinstance(told, Ping):
            self.write(frames.pong(told.payload))
            return
        # RFC 6455, 5.5.1: the same code goes back. 1005 stands for none, and is never sent.
        self.end(None if told.code == _NO_CODE else int(told.code))
        raise Gone

    def _packet(self, message: str) -> None:
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

    def _bound(self) -> None:
        if len(self._waiting) > limits.WAITING or self._waiting_bytes > limits.WAITING_BYTES:
            metrics.slow.inc()
            self.cut()

    def _drain(self) -> None:
        """Send what waits as fast as the client takes it."""
        try:
            while self._waiting:
                with gevent.Timeout(_STALLED, OSError("The client reads nothing")):
                    sent = self._raw.send(self._waiting[0])
                self._forget(sent)
        except OSError:
            self.cut()
        self._stuck = False
        if self._leaving:
            self._half_close()

    def _forget(self, sent: int) -> None:
        """So many bytes of what waits are gone."""
        self._waiting_bytes -= sent
        waiting, whole = self._waiting, 0
        while whole < len(waiting) and sent >= len(waiting[whole]):
            sent -= len(waiting[whole])
            whole += 1
        del waiting[:whole]
        if sent and waiting:
            waiting[0] = waiting[0][sent:]

    def _half_close(self) -> None:
        # Closing both directions at once could throw away the last words on their way.
        with suppress(OSError):
            self._raw.shutdown(SHUT_WR)
