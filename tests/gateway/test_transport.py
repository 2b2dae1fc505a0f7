"""The transport: WebSocket and nothing else, frames as RFC 6455 has them, refusals with a code."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec
import pytest
from flask import Flask

from core.config import ConfigurationError
from core.testing.factories import AgencyUnderTest
from core.testing.servers import WebProcess, wait_for
from gateway import limits, server
from gateway.limits import Allowance, Refused
from tests.gateway import rawclient
from tests.gateway.rawclient import ADDRESS, CLOSE, PING, PONG, TEXT, RawClient

Dial = Callable[..., RawClient]
Measured = Callable[[str], float]


class TestHandshake:
    def test_opens_with_what_the_client_has_to_know(self, dial: Dial) -> None:
        client = dial()
        assert client.handshake().status == 101
        opening = msgspec.json.decode(client.read()[1][1:])
        assert opening.pop("sid")
        assert opening == {"upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1_000_000}

    @pytest.mark.parametrize(
        ("address", "headers", "code"),
        [
            ("/socket.io/?EIO=4&transport=polling", {"Upgrade": "", "Connection": ""}, "websocket_only"),
            ("/socket.io/?EIO=4", {}, "websocket_only"),
            (ADDRESS, {"Upgrade": "", "Connection": ""}, "websocket_only"),
            (ADDRESS, {"Upgrade": "h2c"}, "websocket_only"),
            ("/socket.io/?EIO=3&transport=websocket", {}, "unsupported_version"),
            (ADDRESS + "&sid=abc", {}, "unsupported_version"),
            (ADDRESS, {"Connection": "keep-alive"}, "websocket_only"),
            (ADDRESS, {"Sec_WebSocket_Key": "short"}, "bad_handshake"),
            (ADDRESS, {"Sec_WebSocket_Key": "=" * 24}, "bad_handshake"),
        ],
    )
    def test_of_any_other_kind_is_a_problem(self, dial: Dial, address: str, headers: dict[str, str], code: str) -> None:
        client = dial()
        answer = client.handshake(address, **headers)
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert client.body(answer)["code"] == code

    def test_by_another_method_is_refused(self, dial: Dial) -> None:
        answer = dial().handshake(method="POST")
        assert (answer.status, answer.headers["allow"]) == (405, "GET")

    def test_of_an_older_version_hears_which_one_is_spoken(self, dial: Dial) -> None:
        answer = dial().handshake(Sec_WebSocket_Version="8")
        assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")

    def test_may_ask_for_other_things_besides(self, dial: Dial) -> None:
        assert dial().handshake(Connection="keep-alive, Upgrade", Upgrade="WebSocket").status == 101

    def test_is_answered_as_in_the_example_of_the_standard(self, dial: Dial) -> None:
        answer = dial().handshake(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==")
        assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    def test_from_a_page_of_another_origin_is_refused(self, dial: Dial, web: WebProcess) -> None:
        assert dial().handshake(Origin="https://evil.example").status == 403
        assert dial().handshake(Origin="null").status == 403
        assert dial().handshake(Origin=f"http://127.0.0.1:{web.port}").status == 101

    def test_does_not_believe_the_callers_own_word_about_the_address(self, dial: Dial) -> None:
        told = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}
        assert dial().handshake(Origin="https://evil.example", **told).status == 403

    def test_never_agrees_to_compression(self, dial: Dial) -> None:
        answer = dial().handshake(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
        assert answer.status == 101
        assert "sec-websocket-extensions" not in answer.headers

    def test_without_a_namespace_soon_after_ends(self, dial: Dial) -> None:
        client = dial(patience=30).open()
        started = time.monotonic()
        assert client.farewell() == ([], 1008)
        assert time.monotonic() - started > limits.WELCOME_SECONDS - 2

    def test_leaves_the_rest_of_the_port_to_the_api(self, web: WebProcess) -> None:
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{web.url}/api/v1/leads", timeout=5)
        assert refused.value.code == 401
        refused.value.close()


class TestNamespaces:
    @pytest.mark.parametrize("namespace", ["/nobody", "/nobody?x=1"])
    def test_that_do_not_exist_are_refused_with_a_code(self, dial: Dial, namespace: str) -> None:
        client = dial().open()
        answer = client.join("x", namespace)
        assert answer.startswith(b"44/nobody,")
        refusal = msgspec.json.decode(answer.partition(b",")[2])
        assert refusal["data"]["code"] == "unknown_namespace"
        assert refusal["message"] == refusal["data"]["message"]

    def test_are_connected_once(self, dial: Dial, agency: AgencyUnderTest) -> None:
        client, token = dial().open(), agency.member("agent").token
        assert client.join(token).startswith(b"40{")
        assert b'"already_connected"' in client.join(token)

    def test_can_be_left_and_joined_again(self, dial: Dial, agency: AgencyUnderTest) -> None:
        client, token = dial().open(), agency.member("agent").token
        assert client.join(token).startswith(b"40{")
        client.text("41")
        assert client.join(token).startswith(b"40{")


class TestFrames:
    def test_of_any_size_come_back(self, connect: Dial) -> None:
        client = connect()
        for size in (0, 1, 125):
            client.frame(PING, bytes(size))
            assert client.read() == (PONG, bytes(size))

    def test_may_be_cut_anywhere(self, connect: Dial) -> None:
        client = connect()
        sent = rawclient.frame(PING, b"slowly") * 3
        for position in range(len(sent)):
            client.socket.sendall(sent[position : position + 1])
        assert [client.read() for _ in range(3)] == [(PONG, b"slowly")] * 3

    def test_may_be_fragments_with_others_between(self, connect: Dial) -> None:
        client = connect()
        client.frame(TEXT, b"42", final=0)
        client.frame(PING, b"between")
        client.frame(0, b'7["', final=0)
        client.frame(0, b'nobody.takes"]')
        assert client.read() == (PONG, b"between")
        assert client.ping() < 10

    def test_that_say_goodbye_are_answered(self, connect: Dial) -> None:
        client = connect()
        client.frame(CLOSE, (1000).to_bytes(2, "big"))
        assert client.farewell() == ([], 1000)


class TestAllowance:
    def test_is_a_burst_and_then_so_many_a_second(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [1_000.0]
        monkeypatch.setattr("gateway.limits.time.monotonic", lambda: now[0])
        allowance = Allowance()
        for _ in range(int(limits.BURST)):
            allowance.spend()
        with pytest.raises(Refused):
            allowance.spend()
        now[0] += 2
        for _ in range(int(limits.PER_SECOND)):
            allowance.spend()


class TestInstallation:
    def test_with_gevent_websocket_does_not_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Merely installed, it takes over the sockets of gunicorn's gevent worker."""
        find = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "geventwebsocket" or find(name))
        with pytest.raises(ConfigurationError, match="pip uninstall gevent-websocket"):
            server.mount(Flask("bare"))


class TestMeasurements:
    def test_tell_how_many_are_connected(self, connect: Dial, measured: Measured) -> None:
        before = measured("tripfile_gateway_connections")
        clients = [connect() for _ in range(3)]
        assert measured("tripfile_gateway_connections") == before + 3
        clients[0].close()
        wait_for(lambda: measured("tripfile_gateway_connections") == before + 2)

    def test_tell_why_handshakes_were_refused(self, dial: Dial, measured: Measured) -> None:
        name = 'tripfile_gateway_refused_connections_total{code="origin_refused"}'
        before = measured(name)
        dial().handshake(Origin="https://evil.example")
        assert measured(name) == before + 1
