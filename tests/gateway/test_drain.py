"""A web process that is told to end hands its connections over."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from core.supervisor import DRAIN_SECONDS
from core.testing.factories import AgencyUnderTest
from core.testing.servers import WebProcess
from gateway import drain
from tests.gateway.rawclient import RawClient


class TestDrain:
    def test_clients_are_told_then_closed_one_after_the_other_and_the_process_ends(
        self, make_web: Callable[..., WebProcess], agency: AgencyUnderTest
    ) -> None:
        web, token = make_web(), agency.member("agent").token
        clients = [RawClient(web.port, patience=DRAIN_SECONDS).open() for _ in range(40)]
        try:
            for client in clients:
                assert client.join(token).startswith(b"40{")
            started = time.monotonic()
            web.terminate()
            farewells = [client.farewell() for client in clients]
            for texts, code in farewells:
                event, data = msgspec.json.decode(texts[0][2:])
                assert event == "server.draining"
                assert data == {"within": len(clients) / 100}
                assert code == 1012
            assert web.wait(DRAIN_SECONDS) == 0
            assert time.monotonic() - started < DRAIN_SECONDS
        finally:
            for client in clients:
                client.close()

    def test_whoever_comes_meanwhile_is_sent_elsewhere(
        self, make_web: Callable[..., WebProcess], agency: AgencyUnderTest
    ) -> None:
        web, token = make_web(), agency.member("agent").token
        inside, late = RawClient(web.port).open(), RawClient(web.port)
        try:
            assert inside.join(token).startswith(b"40{")
            web.terminate()
            assert inside.packet().startswith(b'42["server.draining"')
            with suppress(EOFError, ConnectionResetError):
                # It was let in by the kernel already.
                answer = late.handshake()
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert late.body(answer)["code"] == "try_elsewhere"
            assert web.wait(DRAIN_SECONDS) == 0
        finally:
            inside.close()
            late.close()

    def test_is_done_in_time(self) -> None:
        assert drain.SPREAD + 5 < DRAIN_SECONDS
