"""What people are told reaches their browsers: all of it, in order, once, whatever is down in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.config import Settings
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from core.testing.servers import RedisServer, environment_for
from tests.faults.browser import Browser
from tests.faults.conftest import LONG, ServerProcess

ROOT = Path(__file__).parents[2]
COUNT = 300 if LONG else 100
RATE = 20
OUTAGE = 3.0
AFTERWARDS = 9
LIVE = 3.0
"""Seconds that are live on a machine that is busy with other things; a head beat takes up to fifteen."""
LATEST = 30.0
"""Seconds after the last was told: two rounds of the gateway's head beat."""
Serve = Callable[..., ServerProcess]
Browse = Callable[..., Browser]

pytestmark = pytest.mark.slow


class Teller:
    """A process beside the web process that tells somebody things at a steady rate."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.told: dict[int, float] = {}
        """When each was acknowledged, in seconds since 1970."""
        self._settings = settings
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def start(self, agency: AgencyUnderTest, person: ApiClient, count: int, **environment: str) -> None:
        """Begin to tell; a second time: go on."""
        self.kill()
        words = [agency.id, person.user_id, len(self.told), count, RATE]
        command = [sys.executable, "-m", "tests.faults.telling", *map(str, words)]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment_for(self._settings, **environment), stdout=subprocess.PIPE,
                stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, count: int) -> None:
        """Wait until so many have been told."""
        deadline = time.monotonic() + 60 + count / RATE
        while len(self.told) < count:
            assert time.monotonic() < deadline, (
                f"{len(self.told)} of {count} were told: {self._log.read_text()[-3000:]}"
            )
            time.sleep(0.02)

    def kill(self) -> None:
        """End it."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                _, number, at = line.split()
                self.told[int(number)] = float(at)


@pytest.fixture
def teller(settings: Settings, tmp_path: Path) -> Iterator[Teller]:
    made = Teller(settings, tmp_path / "teller.log")
    yield made
    made.kill()


def verify(browser: Browser, teller: Teller, count: int = COUNT) -> list[float]:
    """Everything came, in order and once; how long each was under way."""
    teller.until(count)
    browser.until(count, LATEST)
    # A moment for what should not come.
    time.sleep(0.5)
    assert [item["words"]["reference"] for item in browser.items] == [f"L-{number}" for number in range(count)]
    assert browser.numbers == list(range(1, count + 1))
    return [at - teller.told[number] for number, at in enumerate(browser.arrived)]


def verify_live(browser: Browser, teller: Teller, agency: AgencyUnderTest, person: ApiClient, **more: str) -> None:
    """What is told now comes by hint again, long before a head beat would bring it."""
    teller.start(agency, person, AFTERWARDS, **more)
    waits = verify(browser, teller, COUNT + AFTERWARDS)
    assert sorted(waits[COUNT:])[AFTERWARDS // 2] < LIVE, waits[COUNT:]


class TestThroughRedis:
    def test_a_redis_outage_and_a_killed_gateway_lose_and_repeat_nothing(
        self, server_process: Serve, redis_server: RedisServer, browse: Browse, teller: Teller, agency: AgencyUnderTest
    ) -> None:
        environment = {"REDIS_HOST": redis_server.url}
        server, person = server_process(**environment), agency.member("agent")
        browser = browse(server.url, person.token)
        teller.start(agency, person, COUNT, **environment)
        browser.until(COUNT // 10, 60)
        redis_server.kill()
        time.sleep(OUTAGE / 2)
        # In the middle of the outage: the new process finds no Redis.
        server.kill()
        server.launch()
        time.sleep(OUTAGE / 2)
        redis_server.start()
        server.await_answer()
        verify(browser, teller)
        assert browser.statuses.count("connected") > 1
        verify_live(browser, teller, agency, person, **environment)

    if LONG:  # The short form meets both faults at once; a test that never runs there is not one that was skipped.

        def test_one_after_the_other(
            self,
            server_process: Serve,
            redis_server: RedisServer,
            browse: Browse,
            teller: Teller,
            agency: AgencyUnderTest,
        ) -> None:
            environment = {"REDIS_HOST": redis_server.url}
            server, person = server_process(**environment), agency.member("agent")
            browser = browse(server.url, person.token)
            teller.start(agency, person, COUNT, **environment)
            browser.until(COUNT // 10, 60)
            redis_server.kill()
            time.sleep(OUTAGE)
            redis_server.start()
            teller.until(COUNT // 2)
            server.kill()
            server.start()
            verify(browser, teller)
            verify_live(browser, teller, agency, person, **environment)


class TestThroughPostgresql:
    def test_a_gateway_that_is_killed_loses_and_repeats_nothing(
        self, server_process: Serve, browse: Browse, teller: Teller, agency: AgencyUnderTest
    ) -> None:
        server, person = server_process(), agency.member("agent")
        browser = browse(server.url, person.token)
        teller.start(agency, person, COUNT)
        for part in range(1, 4 if LONG else 2):
            browser.until(part * COUNT // 5, 90)
            server.kill()
            server.start()
        verify(browser, teller)
        assert browser.statuses.count("connected") > 1
        verify_live(browser, teller, agency, person)
