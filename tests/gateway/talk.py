"""Clients that speak events: one inside this process, one over the network."""

from __future__ import annotations

import re
import time
from collections import deque
from queue import Empty, Queue
from typing import Any
from uuid import uuid4

import msgspec
from werkzeug.test import EnvironBuilder

from tests.gateway.rawclient import TEXT, RawClient

_PACKET = re.compile(r"(\d)(?:(/[^,]*),)?(\d*)(.*)", re.DOTALL)


class Heard:
    """One packet of Socket.IO."""

    def __init__(self, text: str) -> None:
        found = _PACKET.fullmatch(text)
        assert found, text
        self.kind, namespace, number, body = found.groups()
        self.namespace: str = namespace or "/"
        self.ack = int(number) if number else None
        self.body: Any = msgspec.json.decode(body) if body else None


class Talk:
    """One connection: `connect`, `call`, `expect`. Nothing waits longer than five seconds unless told to."""

    def __init__(self) -> None:
        self._number = 0
        self.events: deque[tuple[str, str, Any]] = deque()
        """What came and was not asked for yet: namespace, event, data."""

    def connect(self, namespace: str = "/", *, token: Any = None, auth: Any = None) -> Any:
        """Join a namespace; gives what a refusal says, or the socket's id."""
        payload = auth if auth is not None else {"token": token}
        self._say("0" + _prefix(namespace) + msgspec.json.encode(payload).decode())
        heard = self._until(lambda packet: packet.kind in "04" and packet.namespace == namespace)
        return heard.body["data"] if heard.kind == "4" else heard.body["sid"]

    def disconnect(self, namespace: str = "/") -> None:
        """Leave a namespace."""
        self._say("1" + _prefix(namespace))

    def call(self, event: str, *data: Any, namespace: str = "/") -> Any:
        """Send an event; its acknowledgement."""
        self._number += 1
        number = self._number
        text = msgspec.json.encode([event, *data]).decode()
        self._say("2" + _prefix(namespace) + str(number) + text)
        heard = self._until(lambda packet: packet.kind == "3" and packet.ack == number)
        (answer,) = heard.body
        return answer

    def tell(self, event: str, *data: Any, namespace: str = "/") -> None:
        """Send an event and ask for no acknowledgement."""
        self._say("2" + _prefix(namespace) + msgspec.json.encode([event, *data]).decode())

    def ok(self, event: str, *data: Any, namespace: str = "/") -> Any:
        """Send an event that succeeds; its data."""
        answer = self.call(event, *data, namespace=namespace)
        assert answer["ok"] is True, answer
        return answer["data"]

    def refused(self, event: str, *data: Any, namespace: str = "/") -> str:
        """Send an event that does not; its code."""
        answer = self.call(event, *data, namespace=namespace)
        assert answer["ok"] is False, answer
        code: str = answer["code"]
        return code

    def expect(self, event: str, *, namespace: str = "/", seconds: float = 5) -> Any:
        """The data of the next such event."""
        deadline = time.monotonic() + seconds
        while True:
            for heard in self.events:
                if heard[:2] == (namespace, event):
                    self.events.remove(heard)
                    return heard[2]
            packet = self._hear(deadline - time.monotonic())
            if packet is None:
                raise AssertionError(f"{event} did not come within {seconds} s; there is {list(self.events)}")
            self._keep(packet)

    def quiet(self, event: str, *, namespace: str = "/", seconds: float = 0.4) -> None:
        """Fail when such an event comes within a moment."""
        try:
            data = self.expect(event, namespace=namespace, seconds=seconds)
        except AssertionError:
            return
        raise AssertionError(f"{event} came with {data}")

    def _until(self, wanted: Any, seconds: float = 5) -> Heard:
        deadline = time.monotonic() + seconds
        while (packet := self._hear(deadline - time.monotonic())) is not None:
            if wanted(packet):
                return packet
            self._keep(packet)
        raise AssertionError(f"No answer within {seconds} s; there is {list(self.events)}")

    def _keep(self, packet: Heard) -> None:
        if packet.kind == "2":
            event, *data = packet.body
            self.events.append((packet.namespace, event, data[0] if data else None))
        elif packet.kind == "1":
            self.events.append((packet.namespace, "disconnected", None))

    def _say(self, text: str) -> None:
        raise NotImplementedError

    def _hear(self, seconds: float) -> Heard | None:
        raise NotImplementedError


class Inside(Talk):
    """A connection inside this process: what engine.io holds of one."""

    connected = upgraded = True

    def __init__(self, server: Any, query: str = "", *, address: str = "127.0.0.1") -> None:
        super().__init__()
        self.sid = uuid4().hex
        self.closed = self.closing = False
        self.farewell: tuple[int, str] | None = None
        """Code and reason of the close frame."""
        self._server = server
        self._queue: Queue[str] = Queue()
        environ = EnvironBuilder(path="/socket.io/", query_string=query).get_environ() | {"REMOTE_ADDR": address}
        server.eio.sockets[self.sid] = self
        server._handle_eio_connect(self.sid, environ)

    def send(self, packet: Any) -> None:
        """The server sends."""
        if not self.closed:
            self._queue.put(packet.encode()[1:])

    def end(self, code: int, reason: str) -> None:
        """The server closes the transport."""
        if self.closed:
            return
        self.closed = True
        self.farewell = (code, reason)
        self._server._handle_eio_disconnect(self.sid, "server disconnect")

    def hang_up(self) -> None:
        """The client is gone."""
        if not self.closed:
            self.closed = True
            self._server._handle_eio_disconnect(self.sid, "transport close")
        self._server.eio.sockets.pop(self.sid, None)

    def _say(self, text: str) -> None:
        self._server._handle_eio_message(self.sid, text)

    def _hear(self, seconds: float) -> Heard | None:
        try:
            return Heard(self._queue.get(timeout=max(0.0, seconds)))
        except Empty:
            return None


class Outside(Talk):
    """A connection over the network."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.raw = RawClient(port).open()

    def hang_up(self) -> None:
        """Close the connection."""
        self.raw.close()

    def ended(self, seconds: float = 5) -> int | None:
        """Wait until the server has closed the transport; the code of the close frame."""
        self.raw.socket.settimeout(seconds)
        return self.raw.farewell()[1]

    def _say(self, text: str) -> None:
        self.raw.text("4" + text)

    def _hear(self, seconds: float) -> Heard | None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.raw.socket.settimeout(left)
            try:
                opcode, payload = self.raw.read()
            except TimeoutError:
                return None
            if opcode == TEXT and payload == b"2":
                self.raw.text("3")
            elif opcode == TEXT and payload[:1] == b"4":
                return Heard(payload[1:].decode())
        return None


def _prefix(namespace: str) -> str:
    return "" if namespace == "/" else namespace + ","
