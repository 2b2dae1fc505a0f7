"""The three database roles: owner (migrations), app (row-level security applies), system (what has no agency)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, UndefinedTable
from sqlalchemy import make_url

ROLES = ("owner", "app", "system")
SYSTEM_PROBE = "SELECT 1 FROM core_auth_session LIMIT 1"
"""What only the role for sign-ins may ask."""
_LOCK = 7_212_066_301  # Any number of our own: two starts must not alter the same role at once.


class Urls(NamedTuple):
    """The addresses of the three roles."""

    owner: str
    app: str
    system: str


def ensure(
    superuser_url: str,
    database: str,
    *,
    passwords: Mapping[str, str],
    prefix: str = "tripfile",
    timeouts: Mapping[str, timedelta] | None = None,
) -> Urls:
    """Make the roles and the database where missing and set passwords and grants; safe to repeat at any time.

    `timeouts` are given to the roles that serve: behind PgBouncer a connection cannot ask for its own.
    """
    names = {role: f"{prefix}_{role}" for role in ROLES}
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        for role, name in names.items():
            _ensure_role(connection, name, passwords[role])
        _ensure_database(connection, database, names["owner"])
        with psycopg.connect(_address(superuser_url, database=database), autocommit=True) as inside:
            _grant(inside, database, names)
            for role in ("app", "system"):
                _limit(inside, database, names[role], timeouts or {})
    return Urls(
        **{role: _address(superuser_url, database, user=names[role], password=passwords[role]) for role in ROLES}
    )


def _address(url: str, database: str, *, user: str | None = None, password: str | None = None) -> str:
    address = make_url(url).set(database=database, username=user, password=password)
    # SQLAlchemy leaves blanks in passwords, libpq refuses them.
    return address.render_as_string(hide_password=False).replace(" ", "%20")


def _ensure_role(connection: psycopg.Connection[Any], name: str, password: str) -> None:
    role = sql.Identifier(name)
    found = connection.execute(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = %s", (name,)
    ).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    elif found[0]:
        connection.execute(
            sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION").format(role)
        )
    # Digested here, so that the password itself reaches neither the server's log nor pg_stat_activity.
    digest = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(digest)))


def _ensure_database(connection: psycopg.Connection[Any], database: str, owner: str) -> None:
    names = {"database": sql.Identifier(database), "owner": sql.Identifier(owner)}
    found = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (database,)
    ).fetchone()
    if found is not None and found[0] == owner:
        return
    superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if superuser is not None and not superuser[0]:  # Managed servers: only a member of a role may give it something.
        connection.execute(sql.SQL("GRANT {owner} TO CURRENT_USER").format(**names))
    create, change = "CREATE DATABASE {database} OWNER {owner}", "ALTER DATABASE {database} OWNER TO {owner}"
    connection.execute(sql.SQL(create if found is None else change).format(**names))


def _grant(connection: psycopg.Connection[Any], database: str, roles: Mapping[str, str]) -> None:
    names = {"database": sql.Identifier(database)} | {role: sql.Identifier(name) for role, name in roles.items()}
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {app}, {system}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT ALL ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {app}, {system}",
    ):
        connection.execute(sql.SQL(statement).format(**names))


def _limit(connection: psycopg.Connection[Any], database: str, role: str, timeouts: Mapping[str, timedelta]) -> None:
    change = "ALTER ROLE {role} IN DATABASE {database} SET {name} = {value}"
    for name, limit in timeouts.items():
        value = sql.Literal(f"{limit // timedelta(milliseconds=1)}ms")
        names = {"role": sql.Identifier(role), "database": sql.Identifier(database), "name": sql.Identifier(name)}
        connection.execute(sql.SQL(change).format(value=value, **names))


def unlimited(url: str) -> bool:
    """Whether a statement of this role may run for ever, unless the connection itself says otherwise."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SELECT current_setting('statement_timeout') = '0'").fetchone()
    return bool(row and row[0])


def system_problems(system_url: str) -> list[str]:
    """What keeps the system's role from its work; empty when it can do it, or nothing is migrated yet."""
    with psycopg.connect(system_url, connect_timeout=5) as connection:
        try:
            connection.execute(SYSTEM_PROBE)
        except UndefinedTable:
            return []
        except InsufficientPrivilege:
            role = connection.info.user
            return [f"DATABASE_SYSTEM_URL logs in as {role}, with which nobody can sign in; use the system role"]
    return []


def problems(app_url: str) -> list[str]:
    """What is unsafe about the role the application logs in with; empty when row-level security binds it."""
    with psycopg.connect(app_url, connect_timeout=5) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolbypassrls, pg_get_userbyid(datdba) = current_user"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
    assert row is not None
    role, superuser, bypasses, owner = row
    found = []
    if superuser:
        found.append(f"DATABASE_URL logs in as the superuser {role}: row-level security does not bind it")
    elif bypasses:
        found.append(f"DATABASE_URL logs in as {role}, which has BYPASSRLS: row-level security does not bind it")
    if owner:
        found.append(f"DATABASE_URL logs in as {role}, which owns the database and could lift its row-level security")
    return [f"{problem}; run `tripfile db roles` and use the app role" for problem in found]
