"""Real servers on the loopback that behave as told, and an application that may reach them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from flask import Flask

from core.config import load

Conversation = Callable[[socket.socket, bytes], None]


class Listener:
    """A server on 127.0.0.1: reads the head of each request, then does what it is told with the connection."""

    def __init__(self, converse: Conversation, tls: ssl.SSLContext | None = None) -> None:
        self.converse = converse
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            talk = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(talk)
            talk.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(15)
        with suppress(OSError), connection:
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with stream:
                head = b""
                while b"\r\n\r\n" not in head and (data := stream.recv(65_536)):
                    head += data
                self.requests.append(head)
                self.converse(stream, head)

    def close(self) -> None:
        """Stop listening and wait for what is being said."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(16)


def answering(body: bytes = b"", *, status: str = "200 OK", headers: str = "") -> Conversation:
    """A conversation that ends with one answer."""

    def converse(connection: socket.socket, head: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    return converse


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Starts servers that are stopped afterwards."""
    running: list[Listener] = []

    def start(converse: Conversation, tls: ssl.SSLContext | None = None) -> Listener:
        running.append(Listener(converse, tls))
        return running[-1]

    yield start
    for listener in running:
        listener.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """A certificate for hooks.example.com."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example.com").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def within(ca_file: Path) -> Iterator[Callable[..., None]]:
    """Runs the test in an application with these settings."""
    contexts = []

    def enter(**settings: object) -> None:
        app = Flask("outbound")
        values: dict[str, object] = {"outbound_ca_file": str(ca_file)}
        app.extensions["tripfile.settings"] = load(_env_file=None, **(values | settings))
        contexts.append(app.app_context())
        contexts[-1].push()

    yield enter
    for context in reversed(contexts):
        context.pop()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes names resolve to addresses, one answer after the other; gives the names that were asked for."""

    def resolve(*answers: list[str]) -> list[str]:
        asked: list[str] = []
        real = socket.getaddrinfo

        def answer(host: str, port: int, *args: object, **options: object) -> list[object]:
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [entry for address in found for entry in real(address, port, type=socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return resolve
