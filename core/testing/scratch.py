"""Empty databases for tests: one PostgreSQL per run, a new database with the three roles whenever asked."""

from __future__ import annotations

import atexit
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from core import config
from core.config import Settings
from core.db import roles
from core.db.embedded import EmbeddedPostgres

_PASSWORDS = {role: secrets.token_urlsafe(24) for role in roles.ROLES}


@cache
def server() -> EmbeddedPostgres:
    """This process's PostgreSQL, started at the first question and gone with the process."""
    # Not removed with the process: PostgreSQL still writes into it while it stops.
    started = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="tripfile-test-")), durable=False)
    started.start()
    atexit.register(started.stop)
    return started


@contextmanager
def database(**overrides: object) -> Iterator[Settings]:
    """Settings for an empty database of its own, dropped at the end."""
    name = f"scratch_{secrets.token_hex(6)}"
    superuser = server().superuser_url
    urls = roles.ensure(superuser, name, passwords=_PASSWORDS, prefix="scratch")
    try:
        yield config.load(
            database_url=SecretStr(urls.app),
            database_owner_url=SecretStr(urls.owner),
            database_system_url=SecretStr(urls.system),
            jwt_secret=SecretStr(secrets.token_urlsafe(48)),
            **overrides,
        )
    finally:
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
