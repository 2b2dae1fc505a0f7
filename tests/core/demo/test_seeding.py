"""Making the demo world: the same for the same number, once, whole or not at all, and not where people work."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from core import preparation
from core.agencies import service as agencies
from core.auth import api as auth
from core.config import Settings
from core.db.session import unit_of_work
from core.demo import cast, commands, seeding
from core.demo.seeding import Order
from core.demo.world import stream
from core.http.application import Application
from core.testing import databases
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.servers import TRIPFILE, environment_for
from core.users import first_start
from tests.core.demo.conftest import LEADS, PASSWORD, UNTIL, seeded

ROOT = Path(__file__).parents[3]
SECRET = {
    "core_credential": ("password_hash", "changed_at"),
    "core_data_key": ("wrapped", "kek_id"),
    "leads_lead": ("restrictions",),
}
"""What must differ between two worlds: whoever knew the number would know it."""
ELSEWHERE = ("alembic_", "core_key", "core_ring", "core_plugin", "core_schema")
"""Tables of the installation, not of the world."""


def world(settings: Settings) -> dict[str, list[Any]]:
    """Every row of a database, table by table, without what is secret."""
    assert settings.database_owner_url is not None
    url = make_url(settings.database_owner_url.get_secret_value())
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            if not name.startswith(ELSEWHERE) and not name.endswith(("_version", "_migrations"))
        ]
        found = {}
        for name in names:
            rows = f"SELECT (to_jsonb(t) - %s::text[])::text FROM {name} t ORDER BY 1"
            found[name] = [row for (row,) in connection.execute(rows.encode(), [list(SECRET.get(name, ()))])]
        return found


def passwords(app: Application) -> list[Any]:
    """What people's passwords are checked against."""
    url = make_url(settings_of(app).database_owner_url.get_secret_value())  # type: ignore[union-attr] # a test has one
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        return connection.execute("SELECT user_id, password_hash FROM core_credential ORDER BY 1").fetchall()


def settings_of(app: Application) -> Settings:
    found: Settings = app.extensions["tripfile.settings"]
    return found


class TestTheSameNumber:
    def test_makes_the_same_rows_in_another_process_that_hashes_otherwise(
        self, app: Application, told: str, settings: Settings, fresh: Callable[..., Application], tmp_path: Path
    ) -> None:
        other = settings_of(fresh())
        words = ["--leads", str(LEADS), "--seed", "3", "--until", str(UNTIL), "--password", PASSWORD + " again"]
        environment = environment_for(other, PYTHONHASHSEED="77", PYTHONPATH=str(ROOT), TZ="Asia/Tokyo")
        done = subprocess.run(
            [*TRIPFILE, "demo", "seed", *words], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        first, second = world(settings), world(other)
        assert len(first["leads_lead"]) == LEADS
        assert first.keys() == second.keys()
        assert [name for name in first if first[name] != second[name]] == []

    def test_and_no_other_makes_them(self, told: str, settings: Settings, fresh: Callable[..., Application]) -> None:
        other = fresh()
        assert seeded(other, number=4).exit_code == 0
        first, second = world(settings), world(settings_of(other))
        assert not set(first["contacts_contact"]) & set(second["contacts_contact"])

    def test_gives_a_plugin_the_same_whatever_others_draw(self) -> None:
        alone = [stream(3, "northlight-demo", "leads").random() for _ in range(3)]
        both = []
        for _ in range(3):
            stream(3, "northlight-demo", "contacts").random()
            both.append(stream(3, "northlight-demo", "leads").random())
        assert alone == both


class TestASecondRun:
    def test_says_what_is_there_and_changes_nothing(self, app: Application, told: str, settings: Settings) -> None:
        before = world(settings)
        again = seeded(app, "--password", "another quiet password", leads=10, number=9)
        assert again.exit_code == 0
        for slug in cast.SLUGS:
            assert f"{slug} is there already (seed 3, {LEADS} leads in all, 24 months up to 2026-11-01)" in again.output
        assert "another quiet password" not in again.output
        assert world(settings) == before

    def test_completes_what_was_killed(
        self, fresh: Callable[..., Application], told: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other, fill = fresh(), seeding.fill

        def killed(made: Any) -> None:
            fill(made)
            raise KeyboardInterrupt

        monkeypatch.setattr(seeding, "fill", killed)
        assert seeded(other).exit_code != 0
        half = world(settings_of(other))
        assert (len(half["core_agency"]), half["leads_lead"], half["contacts_contact"]) == (1, [], [])
        monkeypatch.undo()
        assert seeded(other).exit_code == 0
        assert world(settings_of(other))["leads_lead"] == world(settings)["leads_lead"]

    def test_leaves_an_agency_alone_that_only_has_the_name(self, fresh: Callable[..., Application]) -> None:
        other = fresh()
        with other.app_context(), unit_of_work():
            agencies.found(slug="duroob-demo", name="Duroob", currency="SAR", zone="UTC", language="ar")
            words = {"language": "ar", "zone": "UTC", "password": "nobody has to know this"}
            for agency in cast.AGENCIES:
                auth.create(email=agency.email(agency.people[0]), name="Somebody", **words)
        before = world(settings_of(other)), passwords(other)
        result = seeded(other, leads=10)
        assert result.exit_code != 0
        assert "is not made up" in str(result.exception or result.output)
        assert (world(settings_of(other)), passwords(other)) == before
        assert world(settings_of(other))["core_membership"] == [
            row for row in world(settings_of(other))["core_membership"] if "duroob" not in row
        ]


class TestPasswords:
    def test_are_random_where_nobody_chooses_one(self, fresh: Callable[..., Application]) -> None:
        other = fresh()
        lines = seeded(other, leads=5).output.splitlines()
        [line] = [line for line in lines if line.startswith("Password")]
        password = line.rpartition(" ")[2]
        assert len(password) > 30
        client = ApiClient(other)
        ok(client.post("/auth/login", {"email": "viewer@duroob.example", "password": password}))

    def test_keep_the_rules_for_passwords(self, fresh: Callable[..., Application]) -> None:
        other = fresh()
        result = seeded(other, "--password", "demo", leads=5)
        assert result.exit_code != 0
        assert world(settings_of(other))["core_agency"] == world(settings_of(other))["core_user"] == []


class TestTheFirstStart:
    def test_makes_it_where_it_is_told_to_and_offers_it_where_not(
        self, database_server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(commands, "usual", lambda: Order(3, 30, 24, UNTIL))
        with database_server.clone() as urls:
            preparation.prepare(databases.settings_for(urls))
            assert "tripfile demo seed" in capsys.readouterr().out
            for _ in range(2):
                preparation.prepare(databases.settings_for(urls, demo=True))
            printed = capsys.readouterr().out
            assert len(world(databases.settings_for(urls))["leads_lead"]) == 30
        assert printed.count("Password") == 1
        assert printed.count("is there already") == 2


class TestProduction:
    def test_refuses_where_people_work_unless_it_is_told_to(
        self, fresh: Callable[..., Application], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = fresh()
        first_start.ensure_admin(other)
        productive = settings_of(other).model_copy(update={"mode": "production"})
        monkeypatch.setitem(other.extensions, "tripfile.settings", productive)
        refused = seeded(other, leads=5)
        assert refused.exit_code != 0
        assert "people work here (my-agency)" in str(refused.exception or refused.output)
        assert len(world(productive)["core_agency"]) == 1
        assert seeded(other, "--beside-real-agencies", leads=5).exit_code == 0
        assert len(world(productive)["core_agency"]) == 3

    def test_is_nothing_for_the_setting(self, settings: Settings) -> None:
        productive = settings.model_copy(update={"mode": "production", "demo": True})
        assert any(problem.startswith("DEMO") for problem in productive.problems())
        assert not any(problem.startswith("DEMO") for problem in settings.model_copy(update={"demo": True}).problems())
