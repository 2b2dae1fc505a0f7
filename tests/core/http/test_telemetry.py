"""Logs hold what happened, and neither secrets nor forged lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from core import telemetry
from core.config import Settings

SETTINGS: dict[str, Any] = {"_env_file": None, "log_format": "json"}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl"


@pytest.fixture
def json_logs() -> Iterator[None]:
    """Logging as JSON lines, put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    telemetry.configure(Settings(**SETTINGS))
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def masked(**fields: Any) -> dict[str, Any]:
    return dict(telemetry.mask(None, "info", dict(fields)))


class TestMasking:
    @pytest.mark.parametrize(
        "name", ["password", "new_password", "client_secret", "refresh_token", "Authorization", "api_key", "set-cookie"]
    )
    def test_hides_values_by_name_at_any_depth(self, name: str) -> None:
        assert masked(**{name: "hunter2"}) == {name: "[masked]"}
        assert masked(body={"a": [{name: "hunter2"}]}) == {"body": {"a": [{name: "[masked]"}]}}

    @pytest.mark.parametrize(
        "text",
        [
            f"token is {JWT} indeed",
            "Authorization: Bearer abcdef1234567890",
            "postgresql://tripfile:hunter2secret@db.internal/tripfile",
            "redis://:hunter2secret@cache:6379/0",
            "password=hunter2secret",
        ],
    )
    def test_hides_values_by_shape_in_any_text(self, text: str) -> None:
        shown = masked(event="x", detail=text, exception=text)
        assert "[masked]" in shown["detail"]
        assert "[masked]" in shown["exception"]
        assert not {"hunter2secret", "abcdef1234567890", JWT} & set(shown["detail"].replace("@", " ").split())

    def test_keeps_counts_and_plain_text(self) -> None:
        assert masked(tokens=3, route="/api/v1/leads") == {"tokens": 3, "route": "/api/v1/leads"}

    def test_does_not_let_a_value_begin_a_line(self) -> None:
        assert masked(name="a\r\nlevel=error\x1b[2J\u2028b")["name"] == "a\\r\\nlevel=error\\x1b[2J\\u2028b"


@pytest.mark.usefixtures("json_logs")
class TestOutput:
    def test_is_one_json_object_a_line_for_both_kinds_of_logger(self, capsys: pytest.CaptureFixture[str]) -> None:
        telemetry.configure(Settings(**SETTINGS))
        structlog.get_logger().info("lead.assigned", lead_id=7, password="hunter2")
        logging.getLogger("somebody").warning("spoke with Bearer %s", "abcdef1234567890\nforged")
        first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
        assert (first["event"], first["lead_id"], first["password"], first["level"]) == (
            "lead.assigned", 7, "[masked]", "info",
        )  # fmt: skip
        assert second["event"] == "spoke with Bearer [masked]\\nforged"

    def test_of_an_exception_holds_the_traceback_without_secrets(self, capsys: pytest.CaptureFixture[str]) -> None:
        telemetry.configure(Settings(**SETTINGS))
        try:
            raise ValueError("password=hunter2")
        except ValueError as error:
            structlog.get_logger().error("request.failed", exc_info=error)
        line = json.loads(capsys.readouterr().err)
        assert "Traceback" in line["exception"]
        assert "hunter2" not in line["exception"]


class TestARequest:
    def test_is_one_line_with_route_and_time_and_no_address(self, client: FlaskClient) -> None:
        with capture_logs() as logs:
            client.get("/api/v1/enquiries/0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e90")
        (line,) = [log for log in logs if log["event"] == "http.request"]
        assert line["route"] == "/api/v1/enquiries/<uuid:enquiry_id>"
        assert (line["method"], line["status"]) == ("GET", 200)
        assert line["duration_ms"] >= 0
