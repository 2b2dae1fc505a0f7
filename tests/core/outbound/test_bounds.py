"""Replies that are too large, and exchanges that take too long."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

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
    return SafeClient.for_addresses_of_users("webhooks").send(method, url, **options)  # type: ignore[arg-type] # whatever a test passes on


@pytest.fixture
def plain(within: Within, listen: Listen) -> Callable[[Conversation], str]:
    """Starts a server without TLS that may be reached; gives its address."""

    def start(converse: Conversation) -> str:
        within(outbound_allow_networks=LOCAL)
        return f"http://127.0.0.1:{listen(converse).port}/hook"

    return start


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


def _drip_handshake(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        # A TLS record of 16 kB, a byte at a time.
        connection.sendall(b"\x16\x03\x03\x40\x00")
        for _ in range(100):
            connection.sendall(b"\x02")
            time.sleep(0.05)
