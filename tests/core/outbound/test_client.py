"""What the client does with servers that mean no good."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import trustme

from core.outbound import client as clients
from core.outbound.addresses import Address
from core.outbound.api import NoReply, Refused, Reply, SafeClient, TimedOut, TooLarge, Unreachable
from core.outbound.exchange import MAX_BODY
from core.outbound.wire import Deadline
from tests.core.outbound.conftest import Conversation, Listener, answering

Within = Callable[..., None]
Names = Callable[..., list[str]]
Listen = Callable[..., Listener]
LOCAL = "127.0.0.0/8"


def send(url: str, method: str = "POST", **options: object) -> Reply:
    return SafeClient.for_addresses_of_users("webhooks").send(method, url, **options)  # type: ignore[arg-type]


@pytest.fixture
def plain(within: Within, listen: Listen) -> Callable[[Conversation], str]:
    """Starts a server without TLS that may be reached; gives its address."""

    def start(converse: Conversation) -> str:
        within(outbound_allow_networks=LOCAL)
        return f"http://127.0.0.1:{listen(converse).port}/hook"

    return start


class TestSending:
    def test_says_what_was_asked(self, within: Within, listen: Listen) -> None:
        within(outbound_allow_networks=LOCAL)
        server = listen(answering(b"fine", headers="X-Word: yes\r\n"))
        reply = send(f"http://127.0.0.1:{server.port}/hook?a=1#part", headers={"X-Mine": "so"}, body=b"{}")
        assert (reply.status, reply.body, reply.headers["x-word"]) == (200, b"fine", "yes")
        assert 0 < reply.elapsed < 5
        head = server.requests[0].lower()
        assert head.startswith(b"post /hook?a=1 http/1.1\r\n")
        for line in (f"host: 127.0.0.1:{server.port}", "x-mine: so", "content-length: 2", "user-agent: tripfile"):
            assert f"\r\n{line}\r\n".encode() in head

    def test_goes_over_tls_to_the_name_it_was_given(
        self, within: Within, listen: Listen, names: Names, certificate: ssl.SSLContext
    ) -> None:
        within(outbound_allow_networks=LOCAL)
        asked_for: list[str | None] = []
        certificate.sni_callback = lambda _socket, name, _context: asked_for.append(name)
        server = listen(answering(b"fine"), certificate)
        names(["127.0.0.1"])
        assert send(f"https://hooks.example.com:{server.port}/").body == b"fine"
        assert asked_for == ["hooks.example.com"]
        assert f"host: hooks.example.com:{server.port}".encode() in server.requests[0].lower()

    def test_asks_for_a_valid_certificate(
        self, within: Within, listen: Listen, names: Names, certificate: ssl.SSLContext
    ) -> None:
        within(outbound_allow_networks=LOCAL)
        server = listen(answering(b"fine"), certificate)
        names(["127.0.0.1"])
        with pytest.raises(Unreachable, match=r"The certificate of other\.example\.com is not valid"):
            send(f"https://other.example.com:{server.port}/")
        stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("hooks.example.com").configure_cert(stranger)
        server = listen(answering(b"fine"), stranger)
        with pytest.raises(Unreachable, match=r"The certificate of hooks\.example\.com is not valid"):
            send(f"https://hooks.example.com:{server.port}/")
        assert server.requests == []

    def test_does_not_reach_what_speaks_no_tls(self, within: Within, listen: Listen, names: Names) -> None:
        within(outbound_allow_networks=LOCAL)
        server = listen(answering())
        names(["127.0.0.1"])
        with pytest.raises(NoReply):
            send(f"https://hooks.example.com:{server.port}/", seconds=1)

    def test_works_in_many_threads_at_once(self, plain: Callable[[Conversation], str]) -> None:
        from flask import current_app

        url = plain(answering(b"x" * 100_000))
        app = current_app._get_current_object()  # type: ignore[attr-defined] # werkzeug's proxy

        def one(_: int) -> int:
            with app.app_context():
                return len(send(url).body)

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(40))) == {100_000}

    def test_tries_the_next_address_where_nobody_answers(self, within: Within, listen: Listen, names: Names) -> None:
        within(outbound_allow_networks=LOCAL)
        server = listen(answering(b"fine"))
        names(["127.0.0.9", "127.0.0.1"])
        assert send(f"http://hooks.example.com:{server.port}/").body == b"fine"

    def test_nobody_there_is_told(self, within: Within) -> None:
        within(outbound_allow_networks=LOCAL)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with pytest.raises(Unreachable, match="Connection refused"):
            send(f"http://127.0.0.1:{port}/")


class TestRebinding:
    def test_a_name_is_resolved_once_and_pinned(self, within: Within, listen: Listen, names: Names) -> None:
        within(outbound_allow_networks="127.0.0.1/32")
        server = listen(answering(b"fine"))
        asked = names(["127.0.0.1"], ["169.254.169.254"])
        url = f"http://rebind.example.com:{server.port}/"
        assert send(url).body == b"fine"
        assert asked == ["rebind.example.com"]
        # The second answer is judged like the first.
        with pytest.raises(Refused):
            send(url)

    def test_a_redirect_is_a_reply(self, within: Within, listen: Listen) -> None:
        within(outbound_allow_networks=LOCAL)
        inside = listen(answering(b"keys"))
        for status in ("301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
            for target in ("http://169.254.169.254/latest/meta-data/", f"http://127.0.0.1:{inside.port}/"):
                outside = listen(answering(status=status, headers=f"Location: {target}\r\n"))
                reply = send(f"http://127.0.0.1:{outside.port}/")
                assert (reply.status, reply.headers["location"]) == (int(status[:3]), target)
        assert inside.connections == 0

    def test_the_environment_names_no_proxy(
        self, plain: Callable[[Conversation], str], listen: Listen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = listen(answering(b"intercepted"))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{other.port}")
        assert send(plain(answering(b"fine"))).body == b"fine"


class TestSize:
    def test_a_large_reply_is_given_up(self, plain: Callable[[Conversation], str]) -> None:
        assert len(send(plain(answering(b"x" * MAX_BODY))).body) == MAX_BODY
        with pytest.raises(TooLarge):
            send(plain(answering(b"x" * (MAX_BODY + 1))))

    def test_a_reply_without_end_is_given_up(self, plain: Callable[[Conversation], str]) -> None:
        def pour(connection: socket.socket, head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            with suppress(OSError):
                while True:
                    connection.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

        with pytest.raises(TooLarge):
            send(plain(pour))

    def test_endless_headers_are_given_up(self, plain: Callable[[Conversation], str]) -> None:
        def pour(connection: socket.socket, head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                while True:
                    connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

        with pytest.raises(NoReply):
            send(plain(pour))

    def test_provisional_replies_without_end_are_given_up(self, plain: Callable[[Conversation], str]) -> None:
        def pour(connection: socket.socket, head: bytes) -> None:
            with suppress(OSError):
                while True:
                    connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 100)

        with pytest.raises(TooLarge):
            send(plain(pour))

    def test_a_gzip_bomb_is_not_inflated(self, plain: Callable[[Conversation], str]) -> None:
        bomb = gzip.compress(bytes(200 * MAX_BODY))
        assert len(bomb) < MAX_BODY
        with pytest.raises(TooLarge):
            send(plain(answering(bomb, headers="Content-Encoding: gzip\r\n")))

    def test_what_is_compressed_is_given_as_it_was(self, plain: Callable[[Conversation], str]) -> None:
        url = plain(answering(gzip.compress(b"fine" * 1000), headers="Content-Encoding: gzip\r\n"))
        assert send(url).body == b"fine" * 1000

    @pytest.mark.parametrize(
        ("encoding", "body"), [("br", b"?"), ("gzip", b"no gzip"), ("deflate", zlib.compress(b"x"))]
    )
    def test_other_compressions_are_not_read(
        self, plain: Callable[[Conversation], str], encoding: str, body: bytes
    ) -> None:
        with pytest.raises(Unreachable):
            send(plain(answering(body, headers=f"Content-Encoding: {encoding}\r\n")))


class TestTime:
    def drip(self, first: bytes, drop: bytes) -> Conversation:
        def converse(connection: socket.socket, head: bytes) -> None:
            with suppress(OSError):
                connection.sendall(first)
                for _ in range(200):
                    connection.sendall(drop)
                    time.sleep(0.05)

        return converse

    @pytest.mark.parametrize(
        ("first", "drop"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\n", b"X"),
            (b"", b"H"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ],
        ids=["body", "headers", "status", "chunks"],
    )
    def test_a_reply_that_drips_ends_at_the_deadline(
        self, plain: Callable[[Conversation], str], first: bytes, drop: bytes
    ) -> None:
        url = plain(self.drip(first, drop))
        began = time.monotonic()
        with pytest.raises((TimedOut, Unreachable)) as failed:
            send(url, seconds=0.6)
        assert 0.5 < time.monotonic() - began < 2 or failed.type is Unreachable

    def test_a_handshake_that_drips_ends_at_the_deadline(self, within: Within, names: Names) -> None:
        within(outbound_allow_networks=LOCAL)
        names(["127.0.0.1"])
        with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
            dripping = pool.submit(_drip_handshake, server)
            began = time.monotonic()
            with pytest.raises(TimedOut):
                send(f"https://hooks.example.com:{server.getsockname()[1]}/", seconds=0.6)
            assert time.monotonic() - began < 2
            dripping.result(10)

    def test_a_server_that_never_answers_ends_at_the_deadline(self, plain: Callable[[Conversation], str]) -> None:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            send(plain(lambda connection, head: time.sleep(1.5)), seconds=0.5)
        assert time.monotonic() - began < 1.4

    def test_a_reader_that_never_reads_ends_at_the_deadline(self, within: Within) -> None:
        within(outbound_allow_networks=LOCAL)
        with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(TimedOut):
            send(f"http://127.0.0.1:{deaf.getsockname()[1]}/", body=b"x" * 20_000_000, seconds=0.5)

    def test_a_name_that_takes_long_ends_at_the_deadline(self, within: Within, monkeypatch: pytest.MonkeyPatch) -> None:
        within()

        def slowly(*args: object, **options: object) -> list[object]:
            time.sleep(1.5)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        began = time.monotonic()
        with pytest.raises(TimedOut):
            send("https://hooks.example.com/", seconds=0.3)
        assert time.monotonic() - began < 1.2

    def test_nobody_can_ask_for_more_than_ten_seconds(self, within: Within, monkeypatch: pytest.MonkeyPatch) -> None:
        within()
        given: list[float] = []

        def refuse(host: str, port: int, deadline: Deadline) -> list[Address]:
            given.append(deadline.seconds)
            raise Refused("enough")

        monkeypatch.setattr(clients, "look_up", refuse)
        with pytest.raises(Refused, match="enough"):
            send("https://hooks.example.com/", seconds=60)
        assert given == [10.0]


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Word": "a\r\nX-Evil: 1"},
            {"X-Word": "a\nX-Evil: 1"},
            {"X-Word\r\nX-Evil": "1"},
            {"X-Word": "a\x00"},
            {"X Word": "a"},
            {"X-Word": "\u2028"},
            {"Host": "other.example.com"},
            {"Transfer-Encoding": "chunked"},
            {"Content-Length": "0"},
        ],
    )
    def test_of_headers_is_refused(self, within: Within, listen: Listen, headers: dict[str, str]) -> None:
        within(outbound_allow_networks=LOCAL)
        server = listen(answering())
        with pytest.raises(Refused):
            send(f"http://127.0.0.1:{server.port}/", headers=headers)
        assert not any(server.requests)

    def test_of_the_method_is_refused(self, plain: Callable[[Conversation], str]) -> None:
        with pytest.raises(Refused):
            send(plain(answering()), "GET / HTTP/1.1\r\nX-Evil:")

    @pytest.mark.parametrize(
        "answer", [b"SSH-2.0-OpenSSH_9\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
    )
    def test_what_is_no_complete_answer_is_told(self, plain: Callable[[Conversation], str], answer: bytes) -> None:
        with pytest.raises(Unreachable, match="no complete HTTP answer"):
            send(plain(lambda connection, head: connection.sendall(answer)))


class TestProxy:
    def test_connects_to_the_pinned_address(
        self, within: Within, listen: Listen, names: Names, certificate: ssl.SSLContext
    ) -> None:
        server = listen(answering(b"fine"), certificate)

        def relay(connection: socket.socket, head: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection(("127.0.0.1", server.port)) as onward, ThreadPoolExecutor(1) as pool:
                back = pool.submit(_copy, onward, connection)
                _copy(connection, onward)
                back.result(5)

        proxy = listen(relay)
        within(outbound_allow_networks="127.0.0.1/32", outbound_proxy=f"http://ana:word@127.0.0.1:{proxy.port}")
        names(["127.0.0.1"])
        assert send(f"https://hooks.example.com:{server.port}/").body == b"fine"
        head = proxy.requests[0]
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
        assert b"proxy-authorization: Basic YW5hOndvcmQ=\r\n" in head.lower().replace(
            b"basic yw5hondvcmq=", b"Basic YW5hOndvcmQ="
        )
        assert b"hooks.example.com" not in head

    def test_is_not_asked_for_what_is_refused(self, within: Within, listen: Listen, names: Names) -> None:
        proxy = listen(answering())
        within(outbound_proxy=f"http://127.0.0.1:{proxy.port}")
        names(["169.254.169.254"])
        with pytest.raises(Refused):
            send("https://hooks.example.com/")
        assert proxy.connections == 0

    def test_that_refuses_is_told(self, within: Within, listen: Listen) -> None:
        proxy = listen(answering(status="403 Forbidden"))
        within(outbound_allow_networks=LOCAL, outbound_proxy=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match="The proxy refuses the connection with status 403"):
            send("http://127.0.0.1:9/")


def _drip_handshake(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        # A TLS record of 16 kB, a byte at a time.
        connection.sendall(b"\x16\x03\x03\x40\x00")
        for _ in range(100):
            connection.sendall(b"\x02")
            time.sleep(0.05)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
