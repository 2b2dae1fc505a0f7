"""What the three database roles may not do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import make_url

from core.db import roles
from core.db.embedded import EmbeddedPostgres
from core.db.roles import Urls

PASSWORDS = {"owner": "p w/1", "app": "p@2", "system": "p:3'"}


@pytest.fixture(scope="module")
def superuser_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("roles")
    with EmbeddedPostgres(folder, durable=False) as server:
        yield server.superuser_url


@pytest.fixture(scope="module")
def urls(superuser_url: str) -> Urls:
    made = roles.ensure(superuser_url, "trips", passwords=PASSWORDS)
    with psycopg.connect(made.owner) as connection:
        connection.execute("create table lead (id int)")
        connection.execute("grant select on lead to tripfile_app")
    return made


class TestEnsure:
    def test_it_can_be_repeated_and_changes_passwords(self, superuser_url: str, urls: Urls) -> None:
        assert roles.ensure(superuser_url, "trips", passwords=PASSWORDS) == urls
        changed = roles.ensure(superuser_url, "trips", passwords={**PASSWORDS, "app": "another"})
        psycopg.connect(changed.app).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(urls.app)
        roles.ensure(superuser_url, "trips", passwords=PASSWORDS)

    def test_a_role_that_was_given_too_much_loses_it(self, superuser_url: str, urls: Urls) -> None:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("alter role tripfile_app bypassrls createrole")
        assert any("BYPASSRLS" in problem for problem in roles.problems(urls.app))
        roles.ensure(superuser_url, "trips", passwords=PASSWORDS)
        assert roles.problems(urls.app) == []

    def test_time_outs_belong_to_the_roles_that_serve(self, superuser_url: str, urls: Urls) -> None:
        assert roles.unlimited(urls.app)
        limits = {"statement_timeout": timedelta(seconds=5), "lock_timeout": timedelta(seconds=3)}
        roles.ensure(superuser_url, "trips", passwords=PASSWORDS, timeouts=limits)
        for url in (urls.app, urls.system):
            with psycopg.connect(url) as connection:
                shown = [connection.execute(f"show {name}".encode()).fetchone() for name in limits]
            assert shown == [("5s",), ("3s",)]
        assert not roles.unlimited(urls.app)
        assert roles.unlimited(urls.owner)

    def test_the_system_role_must_be_able_to_read_sessions(self, urls: Urls) -> None:
        assert roles.system_problems(urls.system) == []
        with psycopg.connect(urls.owner) as connection:
            connection.execute("create table core_auth_session (id int)")
        assert "tripfile_system" in roles.system_problems(urls.system)[0]
        with psycopg.connect(urls.owner) as connection:
            connection.execute("grant select on core_auth_session to tripfile_system")
        assert roles.system_problems(urls.system) == []


class TestRefused:
    @pytest.mark.parametrize("role", ["app", "system"])
    @pytest.mark.parametrize(
        "statement",
        [
            "set role tripfile_owner",
            "alter table lead disable row level security",
            "drop table lead",
            "create table mine (id int)",
            "create temporary table mine (id int)",
            "create schema mine",
            "create policy mine on lead using (true)",
            "alter role tripfile_app bypassrls",
            "create role mine",
            "copy lead to '/tmp/stolen'",
        ],
    )
    def test_whoever_serves_may_not(self, urls: Urls, role: str, statement: str) -> None:
        with psycopg.connect(getattr(urls, role)) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())

    def test_nobody_else_may_even_connect(self, superuser_url: str, urls: Urls) -> None:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("create role stranger login password 'stranger'")
        address = make_url(urls.app).set(username="stranger", password="stranger")
        with pytest.raises(psycopg.OperationalError, match="CONNECT"):
            psycopg.connect(address.render_as_string(hide_password=False))


class TestProblems:
    def test_a_superuser_is_named(self, superuser_url: str) -> None:
        assert "superuser postgres" in roles.problems(superuser_url)[0]

    def test_the_owner_is_named(self, urls: Urls) -> None:
        assert "owns the database" in roles.problems(urls.owner)[0]
