"""One HTTP/1.1 request and its reply over a connected wire, with bounded headers and a bounded body."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping

import h11
import msgspec

from core.outbound.errors import Refused, TooLarge, Unreachable
from core.outbound.wire import Wire

MAX_BODY = 1_048_576
"""Bytes a reply may have, as sent and once decompressed."""
MAX_HEADERS = 32_768
# Framing of tiny chunks is several times as large as what it carries.
_MAX_RECEIVED = 2 * MAX_BODY + MAX_HEADERS
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "upgrade"})
_INCOMPLETE = "What came back is no complete HTTP answer"


class Raw(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def perform(wire: Wire, method: str, target: str, *, host: str, headers: Mapping[str, str], body: bytes) -> Raw:
    """Send a request and read its reply. Raises Refused, Unreachable, TimedOut, TooLarge."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
    wire.send(_request(connection, method, target, host, headers, body))
    response: h11.Response | None = None
    for event in _events(connection, wire):
        if isinstance(event, h11.Response):
            response = event
            break
    if response is None:
        raise Unreachable(_INCOMPLETE)
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return Raw(response.status_code, found, _body(connection, wire, found.get("content-encoding", "")))


def tunnel(wire: Wire, authority: str, headers: Mapping[str, str]) -> None:
    """Have a proxy connect the wire to an address. Raises Unreachable, TimedOut."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADERS)
    sent = connection.send(
        h11.Request(method="CONNECT", target=authority, headers=[("host", authority), *headers.items()])
    )
    wire.send((sent or b"") + (connection.send(h11.EndOfMessage()) or b""))
    for event in _events(connection, wire):
        if isinstance(event, h11.Response):
            if not 200 <= event.status_code < 300:
                raise Unreachable(f"The proxy refuses the connection with status {event.status_code}")
            return
    raise Unreachable("The proxy closed the connection")


def _request(
    connection: h11.Connection, method: str, target: str, host: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    taken = sorted(name for name in headers if name.lower() in _OURS)
    if taken:
        raise Refused(f"The header {taken[0]} is set by the client itself")
    framed = [("host", host), ("connection", "close"), ("accept-encoding", "gzip"), *headers.items()]
    if body or method not in {"GET", "HEAD", "OPTIONS"}:
        framed.append(("content-length", str(len(body))))
    try:
        # Line breaks and other control characters in any part are refused here.
        head = connection.send(h11.Request(method=method, target=target, headers=framed)) or b""
    except (h11.LocalProtocolError, UnicodeError):
        raise Refused("The method or a header cannot be sent: it holds characters that do not belong there") from None
    data = (connection.send(h11.Data(data=body)) or b"") if body else b""
    return head + data + (connection.send(h11.EndOfMessage()) or b"")


def _events(connection: h11.Connection, wire: Wire) -> Iterator[h11.Event]:
    """What the other side says, up to the end of its message."""
    received = 0
    while True:
        try:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = wire.receive()
                received += len(data)
                if received > _MAX_RECEIVED:
                    raise TooLarge(f"The answer is larger than {MAX_BODY} bytes")
                connection.receive_data(data)
                continue
        except h11.RemoteProtocolError:
            raise Unreachable(_INCOMPLETE) from None
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            return
        assert not isinstance(event, type)
        yield event
        if isinstance(event, h11.EndOfMessage):
            return


def _body(connection: h11.Connection, wire: Wire, encoding: str) -> bytes:
    decode = _decoder(encoding)
    found = bytearray()
    for event in _events(connection, wire):
        if isinstance(event, h11.Data):
            found += decode(bytes(event.data), MAX_BODY - len(found))
    return bytes(found)


class _Gzip:
    """Decompresses no further than asked."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def __call__(self, data: bytes, room: int) -> bytes:
        try:
            found = self._stream.decompress(data, room + 1)
        except zlib.error:
            raise Unreachable("The answer is not compressed the way it says") from None
        return _bounded(found, room)


def _bounded(data: bytes, room: int) -> bytes:
    if len(data) > room:
        raise TooLarge(f"The answer is larger than {MAX_BODY} bytes")
    return data


def _decoder(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding.strip().lower() in {"", "identity"}:
        return _bounded
    if encoding.strip().lower() in {"gzip", "x-gzip"}:
        return _Gzip()
    raise Unreachable("The answer is compressed in a way nobody asked for")
