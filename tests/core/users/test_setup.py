"""The first setup: no account that everybody knows, one token, one agency."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from werkzeug.test import TestResponse

from core.config import Settings
from core.db.session import unit_of_work
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.users import first_start
from core.users.commands import admin

DRAFT = {
    "email": "owner@sunrise.example",
    "name": "Ana Duarte",
    "password": "every good river boat turns slowly",
    "agency": "Sunrise Travel",
    "zone": "Europe/Lisbon",
}


def set_up(app: Application, token: str, **more: Any) -> TestResponse:
    return ApiClient(app).post("/auth/setup", {**DRAFT, "token": token, **more})


@pytest.fixture
def token(app: Application) -> str:
    with app.app_context(), unit_of_work():
        printed = CliRunner().invoke(admin, ["setup-token"])
    assert printed.exit_code == 0, printed.output
    return printed.output.strip()


class TestAFreshInstallation:
    """In the order of an installation's first day: each test goes on from the one before."""

    @pytest.mark.parametrize(
        ("email", "password"),
        [("admin@tripfile.example", "admin"), ("admin@example.com", "admin"), ("admin@tripfile.example", "password")],
    )
    def test_has_no_account_that_everybody_knows(self, app: Application, email: str, password: str) -> None:
        answer = ApiClient(app).post("/auth/login", {"email": email, "password": password})
        assert problem(answer) == (401, "wrong_credentials")

    def test_is_set_up_by_nobody_without_the_token(self, app: Application) -> None:
        assert faults(set_up(app, "x" * 43)) == {"/token": "dead_link"}

    def test_voids_a_token_when_another_is_printed(self, app: Application, token: str) -> None:
        with app.app_context(), unit_of_work():
            first_start.setup_token()
        assert faults(set_up(app, token)) == {"/token": "dead_link"}

    def test_keeps_the_token_while_something_is_wrong(self, app: Application, token: str) -> None:
        assert faults(set_up(app, token, password="Rk7#pw2Zq")) == {"/password": "too_short"}
        assert faults(set_up(app, token, role="owner")) == {"/role": "unknown_field"}
        ok(set_up(app, token), 204)
        signed_in = ok(ApiClient(app).post("/auth/login", {key: DRAFT[key] for key in ("email", "password")}))
        assert signed_in["agency"]["slug"] == "sunrise-travel"
        me = ok(ApiClient(app, signed_in["access_token"]).get("/auth/me"))
        assert me["permissions"]["users.manage"] == "all"
        assert problem(set_up(app, token)) == (404, "not_found")

    def test_has_no_setup_any_more_once_there_is_an_agency(self, app: Application) -> None:
        assert problem(set_up(app, "x" * 43)) == (404, "not_found")
        with app.app_context(), unit_of_work():
            printed = CliRunner().invoke(admin, ["setup-token"])
        assert "There is an agency already" in str(printed.exception)


class TestTheStart:
    def test_of_production_makes_no_account(
        self, database_server: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from core import checks, preparation
        from core.testing import databases

        monkeypatch.setattr(checks, "require", lambda settings: [])
        with database_server.clone() as urls:
            settings: Settings = databases.settings_for(
                urls, TRIPFILE_MODE="production", base_url="https://trips.example.com", smtp_host="127.0.0.1",
                mail_from="a@b.example", trusted_hosts="trips.example.com", jwt_secret=SecretStr(token_hex(32)),
            )  # fmt: skip
            preparation.prepare(settings)
        printed = capsys.readouterr().out
        assert "Password" not in printed
        assert "tripfile admin setup-token" in printed
        assert "https://trips.example.com/api/v1/auth/setup" in printed

    def test_of_one_machine_prints_a_random_password_once(
        self, database_server: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from core import preparation
        from core.testing import databases

        with database_server.clone() as urls:
            settings: Settings = databases.settings_for(urls)
            preparation.prepare(settings)
            first = capsys.readouterr().out
            preparation.prepare(settings)
            second = capsys.readouterr().out
        assert "Password" in first
        assert "Password" not in second
