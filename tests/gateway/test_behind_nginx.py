"""Two API processes, two gateways and a worker behind the nginx.conf that is shipped: nobody is sticky to anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from core.config import Settings
from core.testing.factories import AgencyUnderTest
from core.testing.nginx import Nginx
from core.testing.servers import HttpProcess, wait_for
from tests.faults.browser import Browser
from tests.faults.installation import Desk, Installation, Writer
from tests.gateway.rawclient import figures

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Nginx.installed(), reason="nginx is not installed (apt install nginx)"),
]
Browse = Callable[..., Browser]


@pytest.fixture(scope="module")
def installation(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation for the module."""
    with Installation(settings, tmp_path_factory.mktemp("installation")) as running:
        yield running


@pytest.fixture
def browse(installation: Installation) -> Iterator[Browse]:
    """Opens browsers at the installation's address, and closes them."""
    with ExitStack() as opened:

        def make(token: str) -> Browser:
            browser = Browser(installation.url, token)
            opened.callback(browser.close)
            return browser.until_connected()

        yield make


def status_of(url: str) -> int:
    try:
        with urlopen(Request(url, headers={"Host": "127.0.0.1"}), timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def figure(server: HttpProcess, name: str) -> float:
    with urlopen(f"{server.url}/metrics", timeout=10) as answer:
        return figures(answer.read().decode()).get(name, 0.0)


class TestBehindNginx:
    def test_sockets_are_the_gateways_and_measurements_stay_inside(self, installation: Installation) -> None:
        for api in installation.apis:
            assert status_of(f"{api.url}/socket.io/?EIO=4&transport=websocket") == 404
        # The gateway answers: what came is no handshake.
        assert status_of(f"{installation.url}/socket.io/?EIO=4&transport=websocket") == 400
        assert status_of(f"{installation.url}/metrics") == 404
        assert status_of(f"{installation.url}/health/ready") == 404
        assert status_of(f"{installation.url}/openapi.json") == 200

    def test_what_is_written_through_any_process_is_heard_at_every_other(
        self, installation: Installation, browse: Browse, agency: AgencyUnderTest
    ) -> None:
        owner, agent = agency.member("owner"), agency.member("agent")
        browsers = [browse(agent.token) for _ in range(4)]
        assert [figure(gateway, "tripfile_gateway_connections") for gateway in installation.gateways] == [2, 2]
        # Past nginx, so that each API process writes some.
        references: list[str] = []
        for api in [*installation.apis, *installation.apis]:
            with Desk(api.port, owner) as desk:
                status, lead = desk.take_in(agent, name="Ana", key=f"ana-{len(references)}")
            assert status == 201, lead
            references.append(lead["reference"])
        for browser in browsers:
            browser.until(len(references), 30)
            assert sorted(item["words"]["reference"] for item in browser.items) == sorted(references)
            assert browser.numbers == [1, 2, 3, 4]

    def test_an_api_process_and_a_gateway_are_killed_and_nothing_is_lost(
        self, installation: Installation, browse: Browse, agency: AgencyUnderTest
    ) -> None:
        owner, agent = agency.member("owner"), agency.member("agent")
        browsers = [browse(agent.token) for _ in range(2)]
        port = installation.nginx.port
        writers = [Writer(port, owner, agent, name=f"writer{number}", pause=0.1) for number in range(3)]
        for writer in writers:
            writer.start()
        try:
            for writer in writers:
                writer.until(5)
            installation.gateways[0].kill()
            installation.apis[0].kill()
            for writer in writers:
                writer.until(15)
        finally:
            for writer in writers:
                writer.stop()
        references = sorted(reference for writer in writers for reference in writer.references)
        assert len(references) == len(set(references))
        for browser in browsers:
            browser.until(len(references), 40)
            assert sorted(item["words"]["reference"] for item in browser.items) == references
            assert browser.numbers == list(range(1, len(references) + 1))
        assert sorted(browser.statuses.count("connected") for browser in browsers) == [1, 2]
        # Whoever comes meanwhile is taken by those that are left; the others are taken back when they are there again.
        assert browse(agent.token).statuses[-1] == "connected"
        for process in (installation.gateways[0], installation.apis[0]):
            process.start()
        wait_for(lambda: status_of(f"{installation.url}/openapi.json") == 200, what="The answer of the API")
