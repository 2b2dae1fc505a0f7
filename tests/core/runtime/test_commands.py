"""The `tripfile` command: what is wrong ends as sentences, help needs nothing."""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from core import checks, cli
from core.config import ConfigurationError, Settings, load
from core.plugins.manager import CORE_MODULES

from .conftest import Command

Start = Callable[..., Command]
DEAD = "postgresql://somebody:hidden@127.0.0.1:9/trips"


def failed(command: Command) -> str:
    assert command.wait() in {1, 2}, command.text
    assert "Traceback" not in command.text
    return command.text


class TestHelp:
    def test_it_lists_every_group_without_loading_the_application(self, tripfile: Start) -> None:
        started = time.monotonic()
        command = tripfile("--help")
        assert command.wait() == 0
        assert time.monotonic() - started < 5
        for word in ("run", "api", "gateway", "worker", "check", "db", "jobs", "plugins", "admin"):
            assert f"  {word} " in command.text

    def test_it_lists_what_modules_of_the_core_bring(self) -> None:
        bring = {name for name, module in CORE_MODULES.items() if import_module(module).plugin.commands}
        listed = CliRunner().invoke(cli.tripfile, ["--help"]).output
        assert bring == set(cli.OF_CORE_MODULES)
        assert all(f"\n  {name} " in listed for name in bring)

    def test_what_it_lists_is_there_and_is_told_whole(self) -> None:
        context = click.Context(cli.tripfile)
        for name in cli.tripfile.list_commands(context):
            command = cli.tripfile.get_command(context, name)
            assert command is not None, name
            told = CliRunner().invoke(cli.tripfile, [name, "--help"]).output
            assert f"Usage: tripfile {name}" in told
            assert "..." not in told.replace("[ARGS]...", "").replace("COMMAND...", "")

    def test_an_unknown_command_is_refused(self, tripfile: Start) -> None:
        assert "No such command 'fly'" in failed(tripfile("fly"))


class TestCheck:
    def test_every_wrong_key_is_named(self, tripfile: Start) -> None:
        text = failed(
            tripfile("check", TRIPFILE_MODE="production", JWT_SECRET="short", CORS_ORIGIN="*", DATABASE_URL="mysql://x")
        )
        for key in ("JWT_SECRET", "CORS_ORIGIN", "DATABASE_URL", "TRUSTED_HOSTS", "BASE_URL"):
            assert key in text

    def test_values_of_the_wrong_type_are_named(self, tripfile: Start) -> None:
        text = failed(tripfile("check", PORT="http", JWT_EXPIRATION="soon", DATABASE_POOL_SIZE="0"))
        for key in ("PORT", "JWT_EXPIRATION", "DATABASE_POOL_SIZE"):
            assert key in text

    def test_a_limit_that_cannot_be_counted_and_a_network_that_is_none_are_named(self, tripfile: Start) -> None:
        text = failed(tripfile("check", RATE_LIMIT_LOGIN="often", RATE_LIMIT_USER="0/minute", TRUSTED_PROXIES="proxy"))
        for key in ("RATE_LIMIT_LOGIN", "RATE_LIMIT_USER", "TRUSTED_PROXIES"):
            assert f"{key}: " in text

    def test_a_misspelt_key_is_a_warning(self, tripfile: Start, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("JWT_SECERT=x\nPOSTGRES_PASSWORD=x\nPORT=3000\n")
        (tmp_path / "tripfile.toml").write_text("prot = 1\nport = 3000\n[plugin.leads]\nreference_series = 'L'\n")
        command = tripfile("check")
        assert command.wait() == 0
        assert command.text.splitlines()[:2] == [
            "Warning: JWT_SECERT in .env is not a setting; JWT_SECRET is one",
            "Warning: prot in tripfile.toml is not a setting",
        ]

    def test_a_sound_configuration_passes(self, tripfile: Start) -> None:
        command = tripfile("check")
        assert command.wait() == 0, command.text


class TestExamine:
    def test_a_superuser_is_refused_in_production_and_a_warning_elsewhere(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("core.db.roles.problems", lambda _url: ["DATABASE_URL logs in as the superuser"])
        assert checks.examine(settings).warnings == ["DATABASE_URL logs in as the superuser"]
        sound = {"jwt_secret": SecretStr(secrets.token_hex(32)), "trusted_hosts": ("a.example",)}
        production = settings.model_copy(update={"mode": "production", "base_url": "https://a.example", **sound})
        assert checks.examine(production).problems == ["DATABASE_URL logs in as the superuser"]

    def test_redis_that_does_not_answer_is_a_warning(self, settings: Settings) -> None:
        found = checks.examine(settings.model_copy(update={"redis_host": "127.0.0.1", "redis_port": 9}))
        assert found.problems == []
        assert found.warnings[0].startswith("REDIS_HOST: no Redis answers at 127.0.0.1:9")

    def test_a_role_with_which_nobody_can_sign_in_is_named(self, settings: Settings) -> None:
        found = checks.examine(settings.model_copy(update={"database_system_url": settings.database_url}))
        assert [problem.split()[0] for problem in found.problems] == ["DATABASE_SYSTEM_URL"]

    def test_a_pooler_in_front_of_roles_without_time_outs_is_a_warning(self, settings: Settings) -> None:
        found = checks.examine(settings.model_copy(update={"database_pooler": "transaction"}))
        named = [warning.split(":")[0] for warning in found.warnings]
        assert named == ["DATABASE_POOLER=transaction", "DATABASE_DIRECT_URL is missing"]

    def test_tables_that_are_missing_are_named_with_what_makes_them(self, settings: Settings) -> None:
        assert checks.schema_problems(settings) == []
        assert settings.database_owner_url is not None
        with psycopg.connect(settings.database_owner_url.get_secret_value(), autocommit=True) as owner:
            owner.execute("ALTER TABLE leads_note RENAME TO leads_gone")
            try:
                (sentence,) = checks.schema_problems(settings)
            finally:
                owner.execute("ALTER TABLE leads_gone RENAME TO leads_note")
        assert sentence == "The database lacks tables of leads: run `tripfile db upgrade`"

    def test_gevent_websocket_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "geventwebsocket" or None)
        assert any("gevent-websocket" in problem for problem in checks.installation_problems())

    @pytest.mark.parametrize("url", ["postgresql://[", "postgresql://a:b@h:port/d", "postgresql:///x?nonsense=1"])
    def test_a_malformed_address_is_a_sentence(self, url: str) -> None:
        problem = checks.database_problem("DATABASE_URL", url)
        assert problem is not None
        assert "\n" not in problem


class TestStart:
    def test_a_busy_port_is_one_sentence_before_anything_starts(self, tripfile: Start) -> None:
        with socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            command = tripfile("run", PORT=str(port))
            text = failed(command)
        assert text.count("\n") == 1
        assert f"PORT: 127.0.0.1:{port} cannot be used" in text
        assert not (command.output.parent / "var" / "postgres").exists()

    def test_a_wrong_host_is_one_sentence(self) -> None:
        with pytest.raises(ConfigurationError, match=r"HOST: no.such.host.invalid is not an address"):
            checks.listen("no.such.host.invalid", 3000)

    def test_a_database_that_does_not_answer_is_named_without_its_password(
        self, tripfile: Start, free_port: int
    ) -> None:
        text = failed(tripfile("run", PORT=str(free_port), DATABASE_URL=DEAD, DATABASE_SYSTEM_URL=DEAD))
        assert "DATABASE_URL: no usable PostgreSQL at 127.0.0.1:9" in text
        assert "hidden" not in text

    @pytest.mark.parametrize("command", ["api", "gateway", "worker"])
    def test_production_does_not_start_without_its_keys(self, tripfile: Start, command: str) -> None:
        text = failed(tripfile(command, TRIPFILE_MODE="production"))
        for key in ("JWT_SECRET", "DATABASE_URL", "DATABASE_SYSTEM_URL", "TRUSTED_HOSTS", "BASE_URL"):
            assert len(re.findall(rf"^{key} is missing", text, re.MULTILINE)) == 1


class TestMeasurements:
    def test_several_workers_share_a_new_folder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        first, second = (cli._shared_measurements(load(_env_file=None, web_processes=2)) for _ in range(2))
        assert first != second
        assert Path(first["PROMETHEUS_MULTIPROC_DIR"]).parent == tmp_path

    def test_one_worker_and_a_folder_of_ones_own_need_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert cli._shared_measurements(load(_env_file=None)) == {}
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/somewhere")
        assert cli._shared_measurements(load(_env_file=None, web_processes=2)) == {}


class TestCommandsOfPlugins:
    def test_a_plugin_without_commands_is_an_unknown_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("core.config.load", lambda: load(_env_file=None))
        result = CliRunner().invoke(cli.tripfile, ["leads", "--help"])
        assert "No such command 'leads'" in result.output

    def test_core_modules_bring_theirs(self) -> None:
        result = CliRunner().invoke(cli.tripfile, ["agencies", "create", "--help"])
        assert "--slug" in result.output
