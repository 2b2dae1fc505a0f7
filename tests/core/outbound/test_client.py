"""What the client does with servers that mean no good."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import trustme

from core.outbound.api import NoReply, Refused, Reply, SafeClient, Unreachable
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


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
