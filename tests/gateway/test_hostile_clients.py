"""Clients that mean harm: each is told what it did and loses its own connection; memory stays, the others go on."""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from core.testing.factories import AgencyUnderTest
from core.testing.servers import WebProcess, wait_for
from gateway import limits
from tests.gateway.rawclient import BINARY, PING, TEXT, RawClient, frame

Connect = Callable[..., RawClient]
Measured = Callable[[str], float]
MB = 1_000_000


def refused(measured: Measured, code: str) -> float:
    return measured(f'tripfile_gateway_refused_packets_total{{code="{code}"}}')


@pytest.fixture
def bystander(connect: Connect) -> RawClient:
    """Somebody who did nothing."""
    return connect()


class TestBombs:
    def test_a_compressed_frame_is_refused_unread(
        self, connect: Connect, web: WebProcess, bystander: RawClient
    ) -> None:
        packed = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = packed.compress(bytes(200 * MB)) + packed.flush(zlib.Z_SYNC_FLUSH)
        assert len(bomb) < 0.3 * MB
        before = web.worker_memory()
        for _ in range(5):
            bomber = connect()
            with suppress(BrokenPipeError, ConnectionResetError):
                bomber.frame(TEXT, bomb, reserved=4)
            texts, code = bomber.farewell()
            assert code == 1002
            assert b'"malformed"' in texts[-1]
        assert web.worker_memory() - before < 30 * MB
        assert bystander.ping() < 5

    def test_an_emit_of_20_mb_is_refused_at_its_first_bytes(
        self, connect: Connect, web: WebProcess, bystander: RawClient
    ) -> None:
        before = web.worker_memory()
        for _ in range(5):
            greedy = connect()
            with suppress(OSError):
                greedy.emit("stream.pull", "x" * 20 * MB)
            with suppress(OSError):
                texts, code = greedy.farewell()
                assert code == 1009
                assert b'"too_large"' in texts[-1]
        assert web.worker_memory() - before < 30 * MB
        assert bystander.ping() < 5

    def test_fragments_count_together(self, connect: Connect, web: WebProcess, measured: Measured) -> None:
        before, memory = refused(measured, "too_large"), web.worker_memory()
        patient = connect()
        with suppress(OSError):
            patient.frame(TEXT, b"42[", final=0)
            for _ in range(200):
                patient.frame(0, b"x" * 100_000, final=0)
        wait_for(lambda: refused(measured, "too_large") == before + 1)
        assert web.worker_memory() - memory < 30 * MB

    def test_endless_empty_fragments_are_a_flood(self, connect: Connect) -> None:
        empty = connect()
        empty.frame(TEXT, b"", final=0)
        with suppress(OSError):
            for _ in range(2_000):
                empty.frame(0, b"", final=0)
        assert empty.farewell()[1] == 1008

    @pytest.mark.parametrize(
        "json", ["[" * 400_000, '["x",' + "9" * 5_000 + "]", '["x", NaN]', '["x",1e999999]', "{}", "[]", "[1]", '"x"']
    )
    def test_json_that_is_none_is_refused(self, connect: Connect, json: str) -> None:
        client = connect()
        client.text("42" + json)
        texts, code = client.farewell()
        assert code == 1008
        assert b'"malformed"' in texts[-1]


class TestBinary:
    def test_frames_are_refused(self, connect: Connect) -> None:
        client = connect()
        client.frame(BINARY, b"x" * 100)
        texts, code = client.farewell()
        assert code == 1003
        assert b'"server.refused",{"code":"binary"' in texts[-1]

    @pytest.mark.parametrize(
        "packet", ['451000-["x"]', '451-["x",{"_placeholder":true,"num":0}]', '461-7["x"]', "bAAAA"]
    )
    def test_attachments_are_refused_when_they_are_announced(
        self, connect: Connect, web: WebProcess, packet: str
    ) -> None:
        client, before = connect(), web.worker_memory()
        client.text(packet)
        with suppress(OSError):
            for _ in range(1_000):
                client.frame(BINARY, b"x" * 20_000)
        with suppress(OSError):
            assert client.farewell()[1] == 1003
        assert web.worker_memory() - before < 20 * MB


class TestNonsense:
    @pytest.mark.parametrize(
        "packet", ["", "x", "7", "2probe", "4", "4x", "48", "44{}", "42", "42{}", "43[", "42999-[]"]
    )
    def test_is_refused(self, connect: Connect, packet: str, measured: Measured) -> None:
        before = refused(measured, "malformed") + refused(measured, "binary")
        client = connect()
        client.text(packet)
        assert client.farewell()[1] in {1003, 1008}
        assert refused(measured, "malformed") + refused(measured, "binary") == before + 1

    def test_in_bytes_that_are_no_text_is_refused(self, connect: Connect) -> None:
        client = connect()
        client.frame(TEXT, b"42\xff\xfe")
        assert client.farewell()[1] == 1007


class TestFlood:
    def test_of_events_ends_the_flooder_alone(self, connect: Connect, measured: Measured, bystander: RawClient) -> None:
        before = refused(measured, "too_many_events")
        flooder = connect()
        with suppress(OSError):
            for _ in range(40):
                flooder.socket.sendall(frame(TEXT, b'42["nobody.takes"]') * 50)
        with suppress(OSError):
            texts, code = flooder.farewell()
            assert code == 1008
            assert b'["server.refused",{"code":"too_many_events"' in texts[-1]
        wait_for(lambda: refused(measured, "too_many_events") == before + 1)
        assert bystander.ping() < 5

    def test_of_pings_is_one_as_well(self, connect: Connect) -> None:
        flooder = connect()
        with suppress(OSError):
            flooder.socket.sendall(frame(PING, b"x") * 1_000)
        with suppress(OSError):
            assert flooder.farewell()[1] == 1008

    def test_is_not_what_a_returning_client_does(self, connect: Connect) -> None:
        client = connect()
        client.socket.sendall(frame(TEXT, b'42["nobody.takes"]') * 200)
        assert client.ping() < 10


class TestSlowReaders:
    def test_lose_their_connection_and_nobody_else_does(
        self, connect: Connect, web: WebProcess, measured: Measured, bystander: RawClient
    ) -> None:
        """Who reads nothing and asks for much: answers pile up until the line is full."""
        before, memory = measured("tripfile_gateway_slow_clients_total"), web.worker_memory()
        sleepers = [connect(receive_buffer=4_096) for _ in range(3)]
        # A refusal that repeats the name comes back.
        question = frame(TEXT, b"40/" + b"x" * 8_000)
        deadline = time.monotonic() + 60
        asked = int(limits.BURST) - 10
        while measured("tripfile_gateway_slow_clients_total") < before + len(sleepers):
            assert time.monotonic() < deadline, "They were not noticed"
            for sleeper in sleepers:
                with suppress(OSError):
                    sleeper.socket.sendall(question * asked)
            asked = 20  # As many in half a second are no flood.
            assert bystander.ping() < 5
            time.sleep(0.5)
        assert web.worker_memory() - memory < 30 * MB

    def test_of_much_lose_it_before_there_are_many_packets(self, connect: Connect, measured: Measured) -> None:
        before = measured("tripfile_gateway_slow_clients_total")
        sleeper = connect(receive_buffer=4_096)
        with suppress(OSError):
            sleeper.socket.sendall(frame(TEXT, b"40/" + b"x" * 500_000) * 20)
        wait_for(lambda: measured("tripfile_gateway_slow_clients_total") == before + 1)

    def test_of_large_messages_get_them_whole(self, connect: Connect, agency: AgencyUnderTest) -> None:
        """The stock transport writes with `send`, which under load takes a part and drops the rest."""
        client = connect(receive_buffer=4_096)
        name = "é" * 20_000
        for _ in range(3):
            client.text(f"40/{name},{{}}")
            time.sleep(0.3)
        for _ in range(3):
            answer = client.packet().decode()
            assert answer.startswith(f"44/{name},")
            assert answer.endswith('"}}')


class TestSlowSenders:
    def test_of_bodies_and_headers_do_not_slow_the_others(self, web: WebProcess, bystander: RawClient) -> None:
        idle = sorted(bystander.ping() for _ in range(40))
        slow = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(50)]
        try:
            for index, each in enumerate(slow):
                head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                each.sendall((head + ("Content-Length: 1000\r\n\r\n" if index % 2 else "X-Slow: ")).encode())
            busy: list[float] = []
            for _ in range(5):
                for each in slow:
                    each.sendall(b"x" * 10)
                busy += [bystander.ping() for _ in range(8)]
                time.sleep(0.2)
        finally:
            for each in slow:
                each.close()
        # Noise of other processes comes in whole time slices; a server that waits for a body would take seconds.
        assert sorted(busy)[int(len(busy) * 0.8)] <= max(2 * idle[int(len(idle) * 0.95)], 0.2)


class TestStrangers:
    def test_may_send_little_before_they_show_a_token(self, dial: Connect) -> None:
        stranger = dial().open()
        stranger.text("40" + "x" * (limits.LARGEST_BEFORE + 1))
        assert stranger.farewell()[1] == 1009
