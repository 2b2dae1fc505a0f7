"""A PostgreSQL server for a test run, and databases cloned from one migrated template."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from core.config import Settings, load
from core.db import migrate, roles
from core.db.embedded import EmbeddedPostgres
from core.db.roles import Urls
from core.plugins import manager

# Processes that share a server given by its address each make their own.
TEMPLATE = "_".join(filter(None, ["tripfile_template", os.environ.get("PYTEST_XDIST_WORKER")]))
_PASSWORDS = dict.fromkeys(roles.ROLES, "only-for-tests")
_numbers = itertools.count()


class Server:
    """A PostgreSQL server with a migrated template database."""

    def __init__(self, superuser_url: str) -> None:
        self.superuser_url = superuser_url
        self.template = self._make_template()

    def _make_template(self) -> Urls:
        # A server that outlives the run (one given by its address) may hold the template of an older checkout.
        self.drop(TEMPLATE)
        urls = self.roles_of(TEMPLATE)
        settings = settings_for(urls)
        migrate.upgrade(settings, manager.load(settings))
        return urls

    def roles_of(self, database: str) -> Urls:
        """Make the roles and a database, and give the addresses of the roles in it."""
        return roles.ensure(self.superuser_url, database, passwords=_PASSWORDS)

    @contextmanager
    def clone(self) -> Iterator[Urls]:
        """A database of one's own, migrated; dropped afterwards."""
        name = f"tripfile_test_{os.getpid()}_{next(_numbers)}"
        # Page by page through the write-ahead log, which is what happens otherwise, takes several times as long.
        statement = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
        self._execute(statement, name, TEMPLATE, "tripfile_owner")
        try:
            yield self.roles_of(name)
        finally:
            self.drop(name)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """The server at TEST_DATABASE_URL (a superuser's address), else an embedded one that lives as long as the run."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Server(given)
        return
    with EmbeddedPostgres(folder, durable=False) as embedded:
        yield Server(embedded.superuser_url)


def settings_for(urls: Urls, **overrides: object) -> Settings:
    """Settings for tests: nothing from the surroundings, cheap password hashes, generous limits."""
    values: dict[str, object] = {
        "database_url": SecretStr(urls.app),
        "database_owner_url": SecretStr(urls.owner),
        "database_system_url": SecretStr(urls.system),
        "database_pool_size": 4,
        "jwt_secret": SecretStr("a secret that only tests may ever use"),
        "argon2_time_cost": 1,
        "argon2_memory_kib": 64,
        "rate_limit_user": "100000/minute",
        "rate_limit_agency": "1000000/minute",
        "rate_limit_anonymous": "100000/minute",
        "rate_limit_login": "100000/minute",
        # All tests of a module come from one address.
        "login_failures_address": "100000/minute",
        # Nobody answers there: what a test wants to be told it answers itself.
        "dns_servers": ("127.0.0.1:1",),
        "files_dir": Path(tempfile.gettempdir(), f"tripfile-files-{os.getpid()}"),
        "log_level": "WARNING",
        "plugins": os.environ.get("PLUGINS", "built-in"),
    }
    return load(_env_file=None, **(values | overrides))
