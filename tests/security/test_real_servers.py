"""What the servers themselves add to answers, and what they make of requests that no framework sees."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from core.config import Settings
from core.testing.servers import CommandProcess, HttpProcess, WebProcess, environment_for

HOST = b"Host: localhost\r\nConnection: close\r\n"
LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
AMBIGUOUS = {
    "two lengths": b"GET / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
    + HOST
    + b"\r\n0\r\n\r\nGET /x",
    "different lengths": LOGIN + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "negative length": LOGIN + b"Content-Length: -5\r\n\r\nabcdef",
    "bad chunk": LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "half a body": LOGIN + b"Content-Length: 500\r\n\r\n{",
    "bare CR": b"GET / HTTP/1.1\r\nX: a\rb\r\n" + HOST + b"\r\n",
    "long header": b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n" + HOST + b"\r\n",
    "long line": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "NUL": b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
}
"""Requests that two servers in a row could read differently."""


@pytest.fixture(scope="module", params=["web", "api"])
def server(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HttpProcess]:
    """gunicorn as `tripfile run` and `tripfile gateway` start it, granian as `tripfile api` does."""
    environment = environment_for(settings, FILES_DIR=str(tmp_path_factory.mktemp("files")))
    log = tmp_path_factory.mktemp(request.param) / "server.log"
    made: HttpProcess = (
        WebProcess(environment, log) if request.param == "web" else CommandProcess(request.param, environment, log)
    )
    made.start()
    yield made
    made.kill()


def said(server: HttpProcess, request: bytes) -> bytes:
    """The raw answer; empty where the server hung up without one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
        return received


class TestServers:
    def test_name_no_version(self, server: HttpProcess) -> None:
        for request in (b"GET /api/v1/auth/me", b"GET /nowhere", b"GET /health/live", b"POST /api/v1/auth/login"):
            answer = said(server, request + b" HTTP/1.1\r\n" + HOST + b"\r\n").decode("latin-1")
            head = answer.split("\r\n\r\n")[0]
            named = re.findall(r"(?im)^(?:server|x-powered-by|via): *(.*)$", head)
            assert not [each for each in named if re.search(r"\d|python|werkzeug|flask", each, re.IGNORECASE)], head

    def test_protect_what_the_application_answers(self, server: HttpProcess) -> None:
        answer = said(server, b"GET /api/v1/auth/me HTTP/1.1\r\n" + HOST + b"\r\n").decode("latin-1").lower()
        assert answer.startswith("http/1.1 401")
        for header in ("x-content-type-options: nosniff", "content-security-policy: default-src 'none'"):
            assert answer.count(header) == 1

    @pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT", b"PROPFIND", b"FOO"])
    def test_echo_nothing(self, server: HttpProcess, method: bytes) -> None:
        answer = said(server, method + b" /api/v1/auth/me HTTP/1.1\r\n" + HOST + b"Cookie: canary=1\r\n\r\n")
        assert b"canary" not in answer
        assert not answer.startswith(b"HTTP/1.1 2")

    @pytest.mark.parametrize("request_", AMBIGUOUS.values(), ids=AMBIGUOUS)
    def test_take_no_request_that_two_could_read_differently(self, server: HttpProcess, request_: bytes) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(request_)
            received = b""
            try:
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65_536):
                    received += piece
            except OSError:
                pass
        # One answer at most, none of success, and nothing of ours in it.
        assert received.count(b"HTTP/1.1 ") <= 1
        assert not re.match(rb"HTTP/1\.[01] [25]\d\d", received), received[:300]
        assert b"Traceback" not in received
        assert server.answers()
