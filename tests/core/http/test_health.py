"""Health and measurements."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from core.http import health
from core.http.application import Application
from tests.core.http.conftest import hooks

Make = Callable[..., Application]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors the database check raises; none at first."""
    errors: list[Exception] = []

    def check() -> None:
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

    def test_does_not_let_a_plugin_stand_in_for_the_database(self, make_app: Make, database: list[Exception]) -> None:
        database.append(ConnectionError())
        assert make_app(hook=checks(database=lambda: None)).test_client().get("/health/ready").status_code == 503


class TestLiveness:
    def test_asks_nobody(self, small: Application) -> None:
        assert small.test_client().get("/health/live").get_json() == {"status": "ok"}


class TestMetrics:
    def test_count_requests_by_route_and_never_by_address(self, small: Application) -> None:
        client = small.test_client()
        client.get("/api/v1/enquiries/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90")
        client.get("/no/such/secret")
        page = client.get("/metrics").get_data(as_text=True)
        rule = "/api/v1/enquiries/<uuid:enquiry_id>"
        assert f'tripfile_http_requests_total{{method="GET",plugin="core",route="{rule}",status="200"}}' in page
        assert "tripfile_limits_degraded 0.0" in page
        assert "secret" not in page

    def test_can_be_switched_off(self, make_app: Make) -> None:
        assert make_app(metrics=False).test_client().get("/metrics").status_code == 404
