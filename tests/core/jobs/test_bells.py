"""Bells: they wake workers through Redis or the bus, carry nothing, and what is no bell is refused."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import redis
from huey.registry import Message

from core.app import create_app
from core.bus.wiring import redis_prefix
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.jobs import bells
from core.jobs.bells import Bells, Json
from core.jobs.measurements import refused
from core.testing.servers import RedisServer, wait_for


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def with_redis(settings: Settings, redis_server: RedisServer) -> Settings:
    return settings.model_copy(update={"redis_host": redis_server.url})


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server.url) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def app_with_redis(with_redis: Settings) -> Iterator[Application]:
    made = create_app(with_redis)
    yield made
    with made.app_context():
        made.extensions["tripfile.bus"].close()
        dispose()


def listening(settings: Settings, rung: Callable[[], None] = lambda: None) -> Bells:
    return Bells("idle", drain=rung, threads=2, settings=settings)


def key(settings: Settings) -> str:
    return bells.huey_key(redis_prefix(settings), "idle")


class Exploding:
    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return (Path.touch, (Path("/tmp/a-poisoned-bell-was-run"),))  # type: ignore[return-value] # poison is not typed


class TestWire:
    def test_a_bell_is_json_that_names_one_task(self) -> None:
        sent = Json().serialize(Message("1", "core.jobs.bells.bell", args=("x",), kwargs={"y": 1}))
        assert msgspec.json.decode(sent) == {"id": "1", "name": "core.jobs.bells.bell"}

    @pytest.mark.parametrize(
        "poison",
        [
            pickle.dumps(Message("1", "core.jobs.bells.bell", args=(), kwargs={})),
            pickle.dumps(Exploding()),
            b"\x00\xff",
            b"{}",
            b'{"id": "1", "name": "os.system"}',
            b'{"id": "1", "name": "core.jobs.bells.bell", "args": ["rm"]}',
            b'{"id": "1", "name": "core.jobs.bells.bell", "on_complete": {"id": "2", "name": "os.system"}}',
        ],
        ids=["pickle", "exploding pickle", "noise", "nothing", "other task", "arguments", "follow-up"],
    )
    def test_whatever_else_lies_in_the_queue_is_refused_and_runs_nothing(
        self, with_redis: Settings, client: redis.Redis, poison: bytes
    ) -> None:
        heard: list[int] = []
        bell = listening(with_redis, lambda: heard.append(1))
        before = refused._value.get()
        client.lpush(key(with_redis), poison)
        assert bell.dequeue() is None
        assert refused._value.get() == before + 1
        assert not Path("/tmp/a-poisoned-bell-was-run").exists()
        client.lpush(key(with_redis), b'{"id": "1", "name": "core.jobs.bells.bell"}')
        task = bell.dequeue()
        bell.execute(task)
        assert heard == [1]
        bell.storage.pool.disconnect()


class TestRedis:
    def test_a_ring_reaches_the_worker(
        self, app_with_redis: Application, with_redis: Settings, client: redis.Redis
    ) -> None:
        bell = listening(with_redis)
        with app_with_redis.app_context():
            bells.ringer().ring(["idle", "chores"])
        assert bell.dequeue() is not None
        wait_for(lambda: client.llen(bells.huey_key(redis_prefix(with_redis), "chores")) == 1)
        bell.storage.pool.disconnect()

    def test_bells_nobody_hears_do_not_fill_the_memory(
        self, app_with_redis: Application, with_redis: Settings, client: redis.Redis
    ) -> None:
        with app_with_redis.app_context():
            for _ in range(5):
                bells.ringer().ring(["idle"] * 100)
        wait_for(lambda: client.llen(key(with_redis)) > 0)
        time.sleep(0.2)
        assert client.llen(key(with_redis)) <= bells.MOST

    def test_while_redis_is_away_the_process_wakes_itself(self, settings: Settings, tmp_path: Path) -> None:
        bell = listening(settings.model_copy(update={"redis_host": f"unix://{tmp_path}/nobody"}))
        started = time.monotonic()
        assert bell.dequeue() is None
        assert time.monotonic() - started < 3
        bell.local.ring()
        assert bell.dequeue() is not None
        bell.storage.pool.disconnect()


class TestLocal:
    def test_a_bell_wakes_one_thread_and_more_than_there_are_threads_are_forgotten(self, settings: Settings) -> None:
        bell = listening(settings)
        for _ in range(10):
            bell.enqueue(bell.deserialize_task(bell._message()))
        assert [bell.dequeue() is not None for _ in range(2)] == [True, True]
        assert not bell.local.heard(within=0)

    @pytest.mark.alone
    def test_it_wakes_at_once(self, settings: Settings) -> None:
        bell = listening(settings)
        timer = threading.Timer(0.2, bell.local.ring)
        timer.start()
        started = time.monotonic()
        assert bell.dequeue() is not None
        assert 0.15 < time.monotonic() - started < 0.9
        timer.join()
