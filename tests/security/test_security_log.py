"""What the log and the measurements tell of attempts that were refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

import core
from core.http import refusals
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest

ROOT = Path(core.__file__).parents[1]
CATALOGUE = ROOT / "docs" / "security-log.md"
WATCHED = (
    "core/auth",
    "core/keyring",
    "core/revocations",
    "core/oidc",
    "core/factors",
    "core/api_keys",
    "core/allow_lists",
    "core/audit",
    "core/impersonation",
    "core/outbound",
    "core/privacy",
    "core/uploads",
    "core/vault",
    "core/http/gates.py",
    "core/http/refusals.py",
)


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"tripfile_{name}_total", labels) or 0.0


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is logged at warning or worse."""
    with capture_logs() as logs:
        yield logs


class TestDeniedAccess:
    def test_is_told_with_who_what_and_from_where(self, agency: AgencyUnderTest, told: list[Any]) -> None:
        before = count("refusals", status="403", code="forbidden")
        assert problem(agency.member("agent").get("/audit")) == (403, "forbidden")
        (line,) = [each for each in told if each["event"] == "access.denied"]
        line.pop("log_level")
        assert line == {
            "event": "access.denied",
            "code": "forbidden",
            "permission": "audit.read",
            "route": "/api/v1/audit",
            "method": "GET",
            "ip": "127.0.0.1",
        }
        assert count("refusals", status="403", code="forbidden") == before + 1

    def test_of_nobody_and_of_forged_tokens_is_told(self, app: Application, told: list[Any]) -> None:
        before = count("refusals", status="401", code="invalid_token")
        ApiClient(app).get("/leads")
        ApiClient(app, "eyJhbGciOiJub25lIn0.e30.").get("/leads")
        codes = [each["code"] for each in told if each["event"] == "access.unauthenticated"]
        assert codes == ["unauthorized", "invalid_token"]
        assert count("refusals", status="401", code="invalid_token") == before + 1

    def test_is_not_told_where_nothing_was_refused(self, api: ApiClient, told: list[Any]) -> None:
        ok(api.get("/leads"))
        assert problem(api.get("/leads/019f0000-0000-7000-8000-000000000000")) == (404, "not_found")
        assert [each for each in told if str(each["event"]).startswith("access.")] == []

    def test_does_not_repeat_what_was_sent(self, app: Application, told: list[Any]) -> None:
        ApiClient(app, "CANARY-0123456789").get("/leads?q=CANARY-0123456789")
        ApiClient(app).get("/nothing/CANARY-0123456789")
        assert "CANARY" not in str(told)


class TestFaultyInput:
    @pytest.mark.parametrize(
        ("body", "code", "fault"),
        [
            ({"contact": {"name": "Ana"}, "agency_id": "x"}, "invalid", "unknown_field"),
            ({"contact": {"name": 7}}, "invalid", "type"),
        ],
    )
    def test_is_counted_by_what_was_wrong(self, api: ApiClient, body: Any, code: str, fault: str) -> None:
        before = (count("refusals", status="422", code=code), count("input_faults", code=fault))
        assert api.post("/leads", body).status_code == 422
        after = (count("refusals", status="422", code=code), count("input_faults", code=fault))
        assert after == (before[0] + 1, before[1] + 1)

    def test_that_cannot_even_be_read_is_counted(self, api: ApiClient) -> None:
        for status, content_type, data in ((400, "application/json", b"{"), (415, "text/xml", b"<a/>")):
            answer = api.post("/leads", data=data, content_type=content_type)
            assert answer.status_code == status
            assert count("refusals", status=str(status), code=answer.json["code"]) >= 1  # type: ignore[index]

    def test_is_told_to_whoever_reads_the_measurements(self, app: Application, api: ApiClient) -> None:
        api.post("/leads", {"nothing": 1})
        page = app.test_client().get("/metrics").get_data(as_text=True)
        assert 'tripfile_input_faults_total{code="unknown_field"}' in page
        assert 'tripfile_refusals_total{code="invalid",status="422"}' in page


class TestCatalogue:
    """A line that is renamed breaks somebody's alarm: that must not happen by the way."""

    def logged(self) -> set[str]:
        """The names of what these parts of the code log."""
        found: set[str] = set()
        for place in WATCHED:
            files = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
            for file in files:
                tree = ast.parse(file.read_text())
                for node in ast.walk(tree):
                    if isinstance(node, ast.Call) and getattr(getattr(node.func, "value", None), "id", "") == "log":
                        found |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
        return found | set(_access_events())

    def test_names_every_line_about_security_and_none_that_is_gone(self) -> None:
        listed = set(re.findall(r"^\| `([a-z_.]+)` \|", CATALOGUE.read_text(), re.MULTILINE))
        lines = {name for name in listed if not name.startswith("tripfile_")}
        assert lines == self.logged()

    def test_names_the_counters(self) -> None:
        listed = set(re.findall(r"`(tripfile_[a-z_]+)`", CATALOGUE.read_text()))
        declared = {metric.name for metric in REGISTRY.collect()}
        assert listed
        assert {name.removesuffix("_total") for name in listed} <= declared


def _access_events() -> list[str]:
    return list(refusals._EVENTS.values())
