"""`tripfile plugins` and `tripfile db` from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.db.cli import db
from core.plugins.cli import plugins
from core.testing import schema
from core.testing.databases import Server

Call = Callable[..., Result]
MIGRATIONS = Path(__file__).parents[3] / "plugins/leads/migrations"


@pytest.fixture
def call(database_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Runs a command in an empty folder against an empty database."""
    monkeypatch.chdir(tmp_path)
    with schema.scratch(database_server) as settings:
        for name in ("database_url", "database_owner_url", "database_system_url", "jwt_secret"):
            monkeypatch.setenv(name.upper(), getattr(settings, name).get_secret_value())
        monkeypatch.setenv("TRIPFILE_VAR", str(tmp_path / "var"))
        yield lambda *arguments: CliRunner().invoke(plugins if arguments[0] == "plugins" else db, arguments[1:])


class TestPlugins:
    def test_list_tells_enabled_from_available(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PLUGINS", "contacts")
        lines = [line.split()[:2] for line in call("plugins", "list").output.splitlines()]
        assert ["contacts", "enabled"] in lines
        assert ["leads", "available"] in lines

    def test_check_passes_what_is_well(self, call: Call) -> None:
        [_, found] = call("plugins", "check").output.split(" plugins are well: ")
        assert {"contacts", "leads"} <= {*found.strip(".\n").split(", ")}

    def test_check_names_everything_wrong(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PLUGINS", "leads")
        failed = call("plugins", "check")
        assert failed.exit_code == 1
        assert "leads requires contacts; add 'contacts' to PLUGINS or remove 'leads'" in failed.output

    def test_show_lists_what_a_plugin_contributes(self, call: Call) -> None:
        output = call("plugins", "show", "leads").output
        for part in (
            "leads.assign",
            "LEADS__REFERENCE_SERIES = L",
            "leads.lead_won",
            "contacts >=1.0,<2",
            "leads_lead",
        ):
            assert part in output

    def test_remove_is_refused_while_another_plugin_needs_it(self, call: Call) -> None:
        call("db", "upgrade")
        refused = call("plugins", "remove", "contacts")
        assert refused.exit_code == 1
        assert "leads requires contacts: remove leads first" in refused.output

    def test_remove_is_refused_while_a_plugin_that_is_off_needs_it(
        self, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PLUGINS", "contacts")
        assert "leads requires contacts: remove leads first" in call("plugins", "remove", "contacts").output

    def test_remove_is_refused_while_tables_of_a_plugin_that_is_off_point_at_it(
        self, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call("db", "upgrade")
        monkeypatch.setenv("PLUGINS", "contacts")
        refused = call("plugins", "remove", "contacts", "--drop-data", "--yes")
        assert refused.exit_code == 1
        assert "the table leads_lead of leads points at contacts: remove leads first" in refused.output

    def test_remove_keeps_the_data_unless_told_otherwise(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        call("db", "upgrade")
        kept = call("plugins", "remove", "tasks")
        assert "take 'tasks' out of PLUGINS (or add '-tasks'); its data stays" in kept.output
        monkeypatch.setenv("PLUGINS", "built-in,-tasks")
        dropped = call("plugins", "remove", "tasks", "--drop-data", "--yes")
        assert dropped.exit_code == 0, dropped.output
        assert list(Path("var/exports").rglob("tasks_task.jsonl"))
        assert list(Path("var/exports").rglob("core_custom_value.jsonl"))


class TestRoles:
    def test_repeating_it_keeps_the_passwords_in_use(self, database_server: Server, call: Call) -> None:
        made = call("db", "roles", "--superuser-url", database_server.superuser_url, "--database", "repeated")
        database_server.drop("repeated")
        assert made.exit_code == 0, made.output
        assert made.output.count(":only-for-tests@/repeated") == 3


class TestDatabase:
    def test_a_new_database_is_brought_up_to_date_and_is_well(self, call: Call) -> None:
        assert "core                     -  (newest is" in call("db", "current").output
        assert "leads to 0001" in call("db", "upgrade").output
        assert "Everything is up to date." in call("db", "upgrade").output
        assert call("db", "check").output == "Models and database agree.\n"
        assert call("db", "doctor").output == "The database is well.\n"
        assert "leads                    0001" in call("db", "history", "leads").output

    def test_check_says_when_the_database_is_behind(self, call: Call) -> None:
        assert 'core: the database is not up to date; run "tripfile db upgrade" first' in call("db", "check").output

    def test_going_back_asks_first(self, call: Call) -> None:
        call("db", "upgrade")
        assert "Aborted" in call("db", "downgrade", "leads").output
        newest = max(path.name for path in MIGRATIONS.glob("0*.py"))[:4]
        assert f"leads undone {newest}" in call("db", "downgrade", "leads", "--yes").output

    def test_an_owner_that_does_not_exist_is_one_sentence(self, call: Call) -> None:
        failed = call("db", "upgrade", "laeds")
        assert "'laeds' owns no migrations; owners are core, contacts, " in failed.output
        assert "Traceback" not in failed.output

    def test_a_database_that_does_not_answer_is_one_sentence(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://nobody@127.0.0.1:1/none")
        failed = call("db", "current")
        assert failed.exit_code == 1
        assert "The database cannot be used: connection" in failed.output
