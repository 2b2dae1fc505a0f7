"""Real servers and clients for the gateway's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.request import urlopen

import pytest

from core.config import Settings
from core.http.application import Application
from core.testing.factories import AgencyUnderTest
from core.testing.servers import RedisServer, WebProcess, environment_for
from gateway import server
from gateway.gateway import Gateway
from tests.gateway.rawclient import RawClient, figures
from tests.gateway.talk import Inside


@pytest.fixture(scope="module")
def make_web(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., WebProcess]]:
    """Starts web processes (gunicorn with one gevent worker) on the module's database, and ends them."""
    started: list[WebProcess] = []

    def make(**environment: str) -> WebProcess:
        web = WebProcess(environment_for(settings, **environment), tmp_path_factory.mktemp("web") / "server.log")
        started.append(web)
        web.start()
        return web

    yield make
    for web in started:
        web.kill()


@pytest.fixture(scope="module")
def web(make_web: Callable[..., WebProcess]) -> WebProcess:
    """A web process for the module."""
    return make_web()


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
def dial(web: WebProcess) -> Iterator[Callable[..., RawClient]]:
    """Makes clients of the module's web process, and hangs up."""
    clients: list[RawClient] = []

    def make(**options: int) -> RawClient:
        clients.append(RawClient(web.port, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def connect(dial: Callable[..., RawClient], agency: AgencyUnderTest) -> Callable[..., RawClient]:
    """Makes clients that are connected to the default namespace as an agent."""
    token = agency.member("agent").token

    def make(**options: int) -> RawClient:
        client = dial(**options).open()
        assert client.join(token).startswith(b"40{")
        return client

    return make


@pytest.fixture
def measured(web: WebProcess) -> Callable[[str], float]:
    """Asks the web process for a figure of /metrics; 0 while it has none."""

    def ask(name: str) -> float:
        with urlopen(f"{web.url}/metrics", timeout=5) as answer:
            return figures(answer.read().decode()).get(name, 0.0)

    return ask


@pytest.fixture(scope="module")
def gateway(app: Application) -> Gateway:
    """The gateway of this process, on the module's application."""
    server.mount(app)
    found: Gateway = app.extensions["tripfile.gateway"]
    return found


@pytest.fixture
def inside(app: Application, gateway: Gateway) -> Iterator[Callable[..., Inside]]:
    """Makes connections to the gateway of this process, and hangs up."""
    made: list[Inside] = []

    def make(query: str = "") -> Inside:
        made.append(Inside(app.extensions["socketio"].server, query))
        return made[-1]

    yield make
    for client in made:
        client.hang_up()
