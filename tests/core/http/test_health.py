"""Health and measurements."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege

from core.config import METRICS_FOLDER, Settings
from core.extensions import db
from core.http import health
from core.http.application import Application
from core.plugins import hooks as plugin_hooks
from core.plugins.hookspecs import hookimpl
from core.plugins.spec import Plugin
from tests.core.http.conftest import hooks

Make = Callable[..., Application]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors the database check raises; none at first."""
    errors: list[Exception] = []

    def check(_settings: Settings) -> None:
        for error in errors:
            raise error

    monkeypatch.setattr(health, "_database", check)
    return errors


def checks(**contributed: Callable[[], None]) -> Any:
    return hooks(health_checks=lambda: [contributed])


class TestReadiness:
    def test_is_ok_when_every_check_is(self, make_app: Make, database: list[Exception]) -> None:
        response = make_app(hook=checks(mail=lambda: None)).test_client().get("/health/ready")
        assert (response.status_code, response.get_json()["status"]) == (200, "ok")
        assert response.get_json()["checks"].keys() == {"database", "mail"}

    def test_without_the_database_is_down(self, make_app: Make, database: list[Exception]) -> None:
        database.append(ConnectionError("password=hunter2 host=10.0.0.5"))
        response = make_app().test_client().get("/health/ready")
        assert (response.status_code, response.get_json()["status"]) == (503, "down")
        assert "10.0.0.5" not in response.get_data(as_text=True)

    def test_without_something_softer_is_degraded(self, make_app: Make, database: list[Exception]) -> None:
        def fail() -> None:
            raise ValueError

        response = make_app(hook=checks(mail=fail)).test_client().get("/health/ready")
        assert (response.status_code, response.get_json()["status"]) == (200, "degraded")
        assert response.get_json()["checks"]["mail"] == {
            "status": "failed", "detail": "ValueError", "milliseconds": 0.0,
        }  # fmt: skip

    def test_never_waits_longer_than_the_limit(
        self, make_app: Make, database: list[Exception], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "TIMEOUT", 0.1)
        begun = time.perf_counter()
        response = make_app(hook=checks(mail=lambda: time.sleep(0.5))).test_client().get("/health/ready")
        assert time.perf_counter() - begun < 0.4
        assert response.get_json()["checks"]["mail"]["status"] == "timeout"

    def test_names_the_plugin_that_cannot_say_what_to_check(self, make_app: Make, database: list[Exception]) -> None:
        @hookimpl
        def health_checks() -> dict[str, Callable[[], None]]:
            raise ZeroDivisionError

        broken = ModuleType("hooks")
        broken.health_checks = health_checks  # type: ignore[attr-defined]
        plugin = Plugin(name="mail", version="1.0.0", core=">=1", summary="Mail.", hooks=broken)
        relay, _ = plugin_hooks.relay({"mail": plugin}, core=frozenset({"mail"}))
        report = make_app(hook=relay.hook).test_client().get("/health/ready").get_json()
        assert report["checks"]["mail"] == {"status": "failed", "detail": "ZeroDivisionError", "milliseconds": 0.0}

    def test_does_not_let_a_plugin_stand_in_for_the_database(self, make_app: Make, database: list[Exception]) -> None:
        database.append(ConnectionError())
        assert make_app(hook=checks(database=lambda: None)).test_client().get("/health/ready").status_code == 503


class TestTheDatabaseCheck:
    def test_does_not_wait_for_a_busy_pool(self, app: Application, settings: Settings) -> None:
        with app.app_context(), ExitStack() as held:
            for _ in range(settings.database_pool_size):
                held.enter_context(db.engine.connect())
            assert app.test_client().get("/health/ready").get_json()["checks"]["database"]["status"] == "ok"

    def test_fails_where_nobody_could_sign_in(self, app: Application, settings: Settings) -> None:
        with pytest.raises(InsufficientPrivilege):
            health._database(settings.model_copy(update={"database_system_url": settings.database_url}))


class TestLiveness:
    def test_asks_nobody(self, small: Application) -> None:
        assert small.test_client().get("/health/live").get_json() == {"status": "ok"}


class TestMetrics:
    def test_count_requests_by_route_and_never_by_address(self, small: Application) -> None:
        client = small.test_client()
        client.get("/api/v1/enquiries/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90")
        client.get("/no/such/hiding-place")
        page = client.get("/metrics").get_data(as_text=True)
        rule = "/api/v1/enquiries/<uuid:enquiry_id>"
        assert f'tripfile_http_requests_total{{method="GET",plugin="core",route="{rule}",status="200"}}' in page
        assert "tripfile_limits_degraded 0.0" in page
        assert "hiding-place" not in page

    def test_of_several_workers_are_told_together(self, tmp_path: Path) -> None:
        count = "from core.http import metrics; metrics.requests_total.labels('core', '/x', 'GET', 200).inc()"
        tell = "from core.http import metrics as m; print(m.generate_latest(m.everything()).decode())"
        page = [
            subprocess.run(
                [sys.executable, "-c", code],
                env={**os.environ, METRICS_FOLDER: str(tmp_path)},
                capture_output=True, text=True, check=True,
            ).stdout
            for code in (count, count, tell)
        ][-1]  # fmt: skip
        assert 'tripfile_http_requests_total{method="GET",plugin="core",route="/x",status="200"} 2.0' in page

    def test_can_be_switched_off(self, make_app: Make) -> None:
        assert make_app(metrics=False).test_client().get("/metrics").status_code == 404
