"""A connection to one address on which every wait ends at the deadline; the same in threads and under gevent."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, TypeVar

from core.outbound.addresses import Address
from core.outbound.errors import TimedOut, Unreachable

T = TypeVar("T")
_CHUNK = 65_536


class Deadline:
    """When an exchange must be over."""

    def __init__(self, seconds: float) -> None:
        self.started = time.monotonic()
        self.seconds = seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def left(self) -> float:
        """Seconds left. Raises TimedOut when there are none."""
        left = self.seconds - self.elapsed
        if left <= 0:
            raise TimedOut(f"There was no complete answer within {self.seconds:g} seconds")
        return left


def look_up(host: str, port: int, deadline: Deadline) -> list[Address]:
    """The addresses of a name, asked once. Raises Unreachable, TimedOut."""
    found: list[Address] = []
    failed: list[OSError] = []
    done = threading.Event()

    def ask() -> None:
        try:
            for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                # A zone is no part of what is judged, and link-local addresses are refused whatever their zone.
                found.append(ip_address(str(address[0]).partition("%")[0]))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))
        finally:
            done.set()

    # The resolver knows no deadline of ours; one that hangs is left to itself.
    threading.Thread(target=ask, daemon=True).start()
    if not done.wait(deadline.left()):
        deadline.left()
        raise TimedOut(f"The name {host} was not resolved in time")
    if failed or not found:
        raise Unreachable(f"The name {host} is unknown")
    return list(dict.fromkeys(found))


class Wire:
    """Bytes to and from one address, through TLS once `secure` is called."""

    def __init__(self, addresses: list[Address], port: int, deadline: Deadline) -> None:
        """Connect to the first address that answers. Raises Unreachable, TimedOut."""
        self._deadline = deadline
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._socket = _connected(addresses, port, deadline)

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on; the certificate must be for `host`. Raises Unreachable, TimedOut."""
        # Our own pump, not an SSLSocket: gevent's renews the time-out with each packet of a handshake.
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._pump(self._tls.do_handshake)
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(f"The certificate of {host} is not valid: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise _broken(error) from None

    def send(self, data: bytes) -> None:
        """Send it all. Raises Unreachable, TimedOut."""
        if self._tls is None:
            self._push(data)
            return
        view = memoryview(data)
        try:
            while view:
                view = view[self._pump(self._tls.write, view) :]
        except ssl.SSLError as error:
            raise _broken(error) from None

    def receive(self) -> bytes:
        """The next bytes; empty at the end. Raises Unreachable, TimedOut."""
        if self._tls is None:
            return self._pull()
        try:
            return self._pump(self._tls.read, _CHUNK)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise _broken(error) from None

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            self._socket.close()

    def _pump(self, operation: Callable[..., T], *given: Any) -> T:
        """Carry bytes between TLS and the socket until an operation of TLS is done."""
        while True:
            try:
                result = operation(*given)
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._push(data)

    def _feed(self) -> None:
        data = self._pull()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _push(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._waiting(self._socket.send, view) :]

    def _pull(self) -> bytes:
        return self._waiting(self._socket.recv, _CHUNK)

    def _waiting(self, operation: Callable[..., T], given: Any) -> T:
        try:
            self._socket.settimeout(self._deadline.left())
            return operation(given)
        except TimeoutError:
            self._deadline.left()
            raise TimedOut("There was no answer in time") from None
        except OSError as error:
            raise Unreachable(f"The connection broke: {error.strerror or 'closed'}") from None


def _broken(error: ssl.SSLError) -> Unreachable:
    return Unreachable(f"The secure connection broke: {(error.reason or 'closed').replace('_', ' ').lower()}")


def _connected(addresses: list[Address], port: int, deadline: Deadline) -> socket.socket:
    reason = "nobody answers there"
    for place, address in enumerate(addresses):
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            reason = error.strerror or reason
            continue
        # An address that swallows packets leaves time for the others.
        connection.settimeout(deadline.left() / (len(addresses) - place))
        try:
            connection.connect((str(address), port))
        except OSError as error:
            connection.close()
            reason = "nobody answers there" if isinstance(error, TimeoutError) else error.strerror or reason
            continue
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    deadline.left()
    raise Unreachable(f"No connection: {reason}")
