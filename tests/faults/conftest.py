"""Real processes that can be killed, on the module's database; none outlives its test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from core.config import Settings
from core.testing.servers import RedisServer, environment_for
from core.testing.servers import WebProcess as ServerProcess
from tests.faults.browser import Browser

__all__ = ["LONG", "ServerProcess"]
LONG = os.environ.get("TRIPFILE_FAULTS") == "long"
"""Whether there is time for the long form (`make faults`)."""


@pytest.fixture
def server_process(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Makes server processes on the module's database, and ends them."""
    started: list[ServerProcess] = []

    def make(**more: str) -> ServerProcess:
        process = ServerProcess(environment_for(settings, **more), tmp_path / f"server{len(started)}.log")
        started.append(process)
        process.start()
        return process

    yield make
    for process in started:
        process.kill()


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for one test."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    with suppress(AssertionError):
        server.go_on()
    server.kill()


@pytest.fixture
def browse() -> Iterator[Callable[..., Browser]]:
    """Opens browsers, and closes them."""
    with ExitStack() as opened:

        def make(url: str, token: str | None, topic: str = "notifications") -> Browser:
            browser = Browser(url, token, topic)
            opened.callback(browser.close)
            return browser.until_connected()

        yield make
