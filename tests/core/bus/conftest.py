"""Buses over real services, and what is heard on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from core.bus import Bus
from core.bus.through_postgres import PostgresBus
from core.bus.through_redis import RedisBus
from core.config import Settings
from core.testing.servers import RedisServer, wait_for


class Heard:
    """Collects what a subscription calls back with."""

    def __init__(self, bus: Bus, *channels: str) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.connects = 0
        self.subscription = bus.subscribe(channels, self._message, self._connected)
        wait_for(lambda: self.connects)

    def of(self, channel: str) -> list[bytes]:
        return [body for name, body in self.messages if name == channel]

    def _message(self, channel: str, body: bytes) -> None:
        self.messages.append((channel, body))

    def _connected(self) -> None:
        self.connects += 1


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    with suppress(AssertionError):
        server.go_on()
    server.kill()


@pytest.fixture
def make_bus(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Callable[..., Bus]]:
    """Makes buses as processes of one installation would, through the service the test is parametrised with."""
    made: list[Bus] = []

    def make(service: str) -> Bus:
        if service == "redis":
            bus: Bus = RedisBus(request.getfixturevalue("redis_server").url, prefix="tripfile:test:")
        else:
            assert settings.database_url is not None
            bus = PostgresBus(settings.database_url.get_secret_value(), {})
        made.append(bus)
        return bus

    yield make
    for bus in made:
        bus.close()
