"""Hints between processes, through Redis and through PostgreSQL."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import psycopg
import pytest
import structlog
from structlog.testing import capture_logs

from core.bus import Bus, listener, metrics, sender
from core.bus.through_postgres import PostgresBus
from core.bus.through_redis import RedisBus
from core.config import Settings
from core.testing.servers import RedisServer, wait_for
from tests.core.bus.conftest import Heard

Make = Callable[[str], Bus]
pytestmark = pytest.mark.usefixtures("_quick")
SERVICES = pytest.mark.parametrize("service", ["redis", "postgres"])


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sender, "PATIENCE", 0.6)
    # Applications of other tests may have set another level for the process.
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    yield
    structlog.configure(wrapper_class=before)


def dropped(reason: str) -> float:
    return float(metrics.dropped.labels(reason)._value.get())


@SERVICES
class TestHints:
    def test_reach_every_process_in_order_and_the_sender_too(self, make_bus: Make, service: str) -> None:
        here, there = make_bus(service), make_bus(service)
        own, other = Heard(here, "heads", "sockets"), Heard(there, "heads")
        sent = [str(number).encode() for number in range(2_000)]
        for start in range(0, 2_000, 40):
            here.publish("heads", sent[start : start + 40])
        here.publish("sockets", [b"only for who listens"])
        wait_for(lambda: own.of("sockets") and len(other.messages) == 2_000)
        assert own.of("heads") == other.of("heads") == sent
        assert own.of("sockets") == [b"only for who listens"]

    @pytest.mark.parametrize("body", [b"", b"\0\xff\x1e", "Zürich ✓ \x1e".encode(), b"[1,2]"])
    def test_arrive_as_they_were(self, make_bus: Make, service: str, body: bytes) -> None:
        bus = make_bus(service)
        heard = Heard(bus, "heads")
        bus.publish("heads", [body, body])
        wait_for(lambda: len(heard.messages) == 2)
        assert heard.of("heads") == [body, body]

    def test_may_be_large_and_keep_their_place(self, make_bus: Make, service: str) -> None:
        bus = make_bus(service)
        heard = Heard(bus, "sockets")
        sent = [b"before", os.urandom(300_000), "é".encode() * 4_000, b"after"]
        bus.publish("sockets", sent)
        wait_for(lambda: len(heard.messages) == 4)
        assert heard.of("sockets") == sent

    def test_too_large_ones_are_dropped_and_counted(self, make_bus: Make, service: str) -> None:
        bus, before = make_bus(service), dropped("too large")
        heard = Heard(bus, "sockets")
        bus.publish("sockets", [bytes(sender.LARGEST + 1), b"small"])
        wait_for(lambda: heard.messages)
        assert heard.of("sockets") == [b"small"]
        assert dropped("too large") == before + 1

    def test_that_a_listener_chokes_on_do_not_make_it_deaf(self, make_bus: Make, service: str) -> None:
        bus, seen = make_bus(service), Heard(make_bus(service), "heads")
        got: list[bytes] = []

        def choke(_channel: str, body: bytes) -> None:
            got.append(body)
            raise ValueError(body)

        ready: list[int] = []
        bus.subscribe(["heads"], choke, lambda: ready.append(1))
        wait_for(lambda: ready)
        with capture_logs() as logs:
            bus.publish("heads", [b"1", b"2"])
            wait_for(lambda: len(got) == 2 and len(seen.messages) == 2)
        assert [line["event"] for line in logs] == ["bus.callback_failed"] * 2

    def test_end_with_the_subscription(self, make_bus: Make, service: str) -> None:
        bus = make_bus(service)
        closed, open_ = Heard(bus, "heads"), Heard(bus, "heads")
        closed.subscription.close()
        bus.publish("heads", [b"1"])
        wait_for(lambda: open_.messages)
        assert closed.messages == []

    def test_waiting_when_the_bus_closes_are_sent(self, make_bus: Make, service: str) -> None:
        leaving, heard = make_bus(service), Heard(make_bus(service), "heads")
        leaving.publish("heads", [b"last words"])
        leaving.close()
        wait_for(lambda: heard.messages)
        before = dropped("closed")
        leaving.publish("heads", [b"from the grave"])
        assert dropped("closed") == before + 1


class TestRedisOutage:
    def test_costs_the_publisher_no_time_and_one_line_in_the_log(
        self, make_bus: Make, redis_server: RedisServer
    ) -> None:
        bus = make_bus("redis")
        heard = Heard(bus, "heads")
        before = dropped("outage")
        with capture_logs() as logs:
            redis_server.kill()
            started = time.monotonic()
            for _ in range(100):
                bus.publish("heads", [b"lost"] * 5)
            assert time.monotonic() - started < sender.PATIENCE
            wait_for(lambda: dropped("outage") >= before + 500)
            bus.publish("heads", [b"lost as well"])
            wait_for(lambda: dropped("outage") >= before + 501)
            redis_server.start()
            wait_for(lambda: heard.connects == 2)
            bus.publish("heads", [b"back"])
            wait_for(lambda: b"back" in heard.of("heads"))
            wait_for(lambda: any(line["event"] == "bus.recovered" for line in logs))
        events = [line["event"] for line in logs]
        assert events.count("bus.down") == events.count("bus.recovered") == 1
        assert events.count("bus.deaf") == events.count("bus.hears_again") == 1

    def test_of_a_redis_that_hangs_is_noticed(
        self, make_bus: Make, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.bus.through_redis.PROBE_EVERY", 0.2)
        monkeypatch.setattr("core.bus.through_redis._PONG_WITHIN", 0.3)
        bus = make_bus("redis")
        heard = Heard(bus, "heads")
        redis_server.hang()
        time.sleep(1.5)  # Longer than it takes to ask and to give up.
        redis_server.go_on()
        wait_for(lambda: heard.connects >= 2)
        bus.publish("heads", [b"again"])
        wait_for(lambda: heard.messages)

    def test_does_not_let_the_line_grow_without_bound(
        self, make_bus: Make, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "MOST", 100)
        monkeypatch.setattr(sender, "PATIENCE", 60)
        bus = make_bus("redis")
        redis_server.kill()
        before = dropped("too many")
        for number in range(1_000):
            bus.publish("heads", [str(number).encode()])
        assert dropped("too many") - before >= 1_000 - 100 - 2 * sender.BATCH
        assert isinstance(bus, RedisBus)
        assert sum(len(line._waiting) for line in bus._sender._lines.values()) <= 100
        # Otherwise closing would wait for a Redis that is not there.
        redis_server.start()


class TestPostgresOutage:
    def test_ends_with_new_connections(self, make_bus: Make, settings: Settings) -> None:
        bus = make_bus("postgres")
        heard = Heard(bus, "heads")
        bus.publish("heads", [b"1"])
        wait_for(lambda: heard.messages)
        _end_other_connections(settings)
        wait_for(lambda: heard.connects == 2)
        with capture_logs() as logs:
            bus.publish("heads", [b"2"])
            wait_for(lambda: len(heard.messages) == 2)
        # The sender found its idle connection dead, which is no outage.
        assert not [line for line in logs if line["event"] == "bus.down"]


class TestIdle:
    def test_buses_open_no_connection(self, settings: Settings) -> None:
        before = _connections(settings)
        assert settings.database_url is not None
        bus = PostgresBus(settings.database_url.get_secret_value(), {})
        assert _connections(settings) == before
        bus.close()

    def test_senders_give_theirs_back(
        self, make_bus: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "LINGER", 0.1)
        bus, before = make_bus("postgres"), _connections(settings)
        bus.publish("heads", [b"1"])
        wait_for(lambda: _connections(settings) == before + 1)
        wait_for(lambda: _connections(settings) == before)
        heard = Heard(bus, "heads")
        bus.publish("heads", [b"2"])
        wait_for(lambda: heard.messages)

    def test_one_that_ends_in_an_outage_leaves_the_line_to_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two at once would mix the order of messages."""
        monkeypatch.setattr(sender, "LINGER", 0.5)
        monkeypatch.setattr(sender, "PATIENCE", 0.1)

        def fail() -> sender.Carrier:
            raise ConnectionError

        def senders() -> set[threading.Thread]:
            return {each for each in threading.enumerate() if each.name == "bus-sender"}

        others, away = senders(), sender.Sender(fail)
        away.put("heads", [b"lost"])
        (first,) = senders() - others
        line = away._lines[os.getpid()]
        wait_for(lambda: line._thread is None)
        away.put("heads", [b"lost too"])
        wait_for(lambda: not first.is_alive(), seconds=0.3)
        away.close()


class TestCrowds:
    def test_of_messages_let_others_have_a_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        heard: list[bytes] = []
        pauses: list[int] = []
        monkeypatch.setattr(listener, "time", SimpleNamespace(sleep=lambda _seconds: pauses.append(len(heard))))

        class Full:
            def messages(self) -> Iterator[tuple[str, bytes]]:
                yield from (("heads", b"x") for _ in range(1_000 - len(heard)))
                time.sleep(0.01)

            def close(self) -> None:
                """There is nothing to close."""

        listening = listener.Listener(Full, lambda _channel, body: heard.append(body), lambda: None)
        wait_for(lambda: len(heard) == 1_000)
        listening.close()
        assert pauses == [200, 400, 600, 800, 1_000]


class TestForks:
    def test_send_by_a_thread_and_a_connection_of_their_own(self, make_bus: Make) -> None:
        bus, heard = make_bus("postgres"), Heard(make_bus("postgres"), "heads")
        bus.publish("heads", [b"parent"])
        wait_for(lambda: heard.messages)
        child = os.fork()
        if child == 0:
            bus.publish("heads", [b"child"])
            bus._sender.close()  # type: ignore[attr-defined] # both buses have one
            os._exit(0)
        os.waitpid(child, 0)
        bus.publish("heads", [b"parent again"])
        wait_for(lambda: len(heard.messages) == 3)
        assert heard.of("heads") == [b"parent", b"child", b"parent again"]


class TestInstallations:
    def test_on_one_redis_do_not_mix(self, redis_server: RedisServer) -> None:
        mine, theirs = (RedisBus(redis_server.url, prefix=f"tripfile:{name}:") for name in ("one", "two"))
        try:
            heard = Heard(mine, "heads")
            theirs.publish("heads", [b"theirs"])
            mine.publish("heads", [b"mine"])
            wait_for(lambda: b"mine" in heard.of("heads"))
            assert heard.of("heads") == [b"mine"]
        finally:
            mine.close()
            theirs.close()


def _connections(settings: Settings) -> int:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _end_other_connections(settings: Settings) -> None:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
        )
