"""Every process is replaced under load: nobody notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.config import Settings
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from core.testing.nginx import Nginx
from core.testing.servers import ServerProcess, wait_for
from tests.faults.browser import Browser
from tests.faults.conftest import LONG
from tests.faults.installation import Installation, Writer

ROUNDS = 3 if LONG else 1
WRITERS = 4 if LONG else 2
PAUSE = 0.05 if LONG else 0.15
"""Seconds between two leads of a writer: processes that start need the same two cores."""
BETWEEN = 10 if LONG else 4
"""Leads each writer takes in between two restarts."""
PATIENCE = 45.0
"""What an orchestrator grants a process that is to end (40 s in compose.yaml and for Kubernetes), and a little."""
Browse = Callable[..., Browser]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Nginx.installed(), reason="nginx is not installed (apt install nginx)"),
]


@pytest.fixture
def installation(settings: Settings, tmp_path: Path) -> Iterator[Installation]:
    with Installation(settings, tmp_path) as running:
        yield running


@pytest.fixture
def people(agency: AgencyUnderTest) -> tuple[ApiClient, ApiClient]:
    """Who writes, and who is told."""
    return agency.member("owner"), agency.member("agent")


def runs(settings: Settings, agency: AgencyUnderTest) -> list[tuple[Any, ...]]:
    """State and attempts of the jobs that tell of leads."""
    assert settings.database_system_url is not None
    with psycopg.connect(settings.database_system_url.get_secret_value()) as connection:
        rows = connection.execute(
            "SELECT state, attempt FROM core_job WHERE agency_id = %s AND name = 'notifications.tell'", (agency.id,)
        )
        return rows.fetchall()


class TestRollingRestart:
    def test_no_request_fails_no_job_runs_twice_and_nothing_is_lost(
        self, installation: Installation, settings: Settings, agency: AgencyUnderTest,
        people: tuple[ApiClient, ApiClient], browse: Browse,
    ) -> None:  # fmt: skip
        owner, agent = people
        browsers = [browse(installation.url, agent.token) for _ in range(2)]
        port = installation.nginx.port
        writers = [Writer(port, owner, agent, name=f"writer{each}", pause=PAUSE) for each in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            for _ in range(ROUNDS):
                for together in zip(installation.apis, installation.gateways, strict=True):
                    self._let_them_write(writers)
                    self._replace(*together)
                self._let_them_write(writers)
                self._replace(installation.worker)
            self._let_them_write(writers)
        finally:
            for writer in writers:
                writer.stop()
        assert [failure for writer in writers for failure in writer.failures] == []
        references = sorted(reference for writer in writers for reference in writer.references)
        print(f"{len(references)} leads, the slowest request {max(writer.slowest for writer in writers):.2f} s")
        for browser in browsers:
            browser.until(len(references), 40)
            assert sorted(item["words"]["reference"] for item in browser.items) == references
            assert browser.numbers == list(range(1, len(references) + 1))
        done = [("done", 1)] * len(references)
        wait_for(lambda: runs(settings, agency) == done, what="The end of the jobs in their first attempt")

    def _let_them_write(self, writers: list[Writer]) -> None:
        for writer in writers:
            writer.until(len(writer.references) + BETWEEN)

    def _replace(self, *replaced: ServerProcess) -> None:
        """One of each kind at a time, as an orchestrator does it."""
        for process in replaced:
            process.terminate()
        for process in replaced:
            assert process.wait(PATIENCE) == 0, process.log[-3000:]
            process.launch()
        for process in replaced:
            process.await_answer()
