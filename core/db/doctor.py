"""Reads the database's own catalogue: are the walls between agencies up, and are the roles what they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from core.config import Settings
from core.db.autogenerate import owner_of_table
from core.db.ownership import CORE, connect, installed_owners, owners, roles
from core.plugins.manager import Plugins

IDENTITY = frozenset(
    {
        "core_agency",
        "core_auth_session",
        "core_credential",
        "core_device",
        "core_letter",
        "core_one_time_token",
        "core_operator",
        "core_passkey",
        "core_recovery_code",
        "core_ring_key",
        "core_throttle",
        "core_totp",
        "core_user",
    }
)
"""Tables above the agencies: people and their credentials are one identity, whichever agencies they work for."""

UNREFERRED = frozenset(
    {"core_event", "core_follower", "core_idempotency", "core_job", "core_revocation", "core_schedule"}
)
"""Tables nothing may point at, which a second unique index would only make slower to write."""


WITH_PLATFORM_ROWS = frozenset({"core_stream_head"})
"""Tables that also hold rows of no agency, which a policy of their own opens to the application."""


class Index(msgspec.Struct, frozen=True):
    """A unique index, the primary key's included."""

    name: str
    primary: bool
    columns: tuple[str, ...]


class Key(msgspec.Struct, frozen=True):
    """A foreign key."""

    name: str
    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """What the catalogue says about one table."""

    name: str
    owner: str
    secured: bool
    forced: bool
    columns: tuple[str, ...]
    policies: tuple[str, ...]
    """The conditions of the policies that apply to the application's role."""
    unique: tuple[Index, ...]
    keys: tuple[Key, ...]


def examine(settings: Settings, plugins: Plugins) -> list[str]:
    """Everything unsafe in the database, one sentence each; empty when all is well."""
    with connect(settings, lock=False) as connection:
        requires = {name: tuple(plugin.requires) for name, plugin in plugins.plugins.items()}
        names = {each.name for each in owners(plugins)}
        return run(connection, settings, names, requires=requires)


def run(
    connection: Connection, settings: Settings, names: set[str], *, requires: Mapping[str, Sequence[str]]
) -> list[str]:
    """`examine` on an open connection, for the tables of the owners in `names`."""
    app, system = roles(settings)
    every = installed_owners(connection) | names
    catalogue = {table.name: table for table in tables(connection, app)}
    found = [*_roles(connection, app, system)]
    for table in catalogue.values():
        owner = owner_of_table(table.name, every)
        if owner in names and not table.name.endswith("_alembic_version"):
            neighbours = {owner, CORE, *requires.get(owner, ())}
            found += _table(table, catalogue, app, neighbours, every)
    return found


def tables(connection: Connection, app_role: str) -> list[Table]:
    """Every table of the schema, as the catalogue has it."""
    rows = connection.execute(text(_CATALOGUE), {"app": app_role}).mappings()
    return [msgspec.convert({key: () if value is None else value for key, value in row.items()}, Table) for row in rows]


def _table(
    table: Table, catalogue: Mapping[str, Table], app: str, neighbours: set[str], every: set[str]
) -> Iterator[str]:
    if table.owner == app:
        yield f"{table.name} belongs to {app}, which could switch its row-level security off: ALTER TABLE ... OWNER TO"
    if table.name in IDENTITY:
        return
    if "agency_id" not in table.columns:
        yield f"{table.name} has no agency_id: make it with owned_table"
        return
    if not (table.secured and table.forced):
        yield f"{table.name} has no forced row-level security: call protect({table.name!r}) in a migration"
    enough = any if table.name in WITH_PLATFORM_ROWS else all
    if not table.policies or not enough("app.agency_id" in condition for condition in table.policies):
        yield f"{table.name} has no policy that keeps agencies apart: call protect({table.name!r}) in a migration"
    wants_key = "id" in table.columns and table.name not in UNREFERRED
    if wants_key and not any(index.columns == ("agency_id", "id") for index in table.unique):
        yield f"{table.name} lacks UNIQUE (agency_id, id), which composite foreign keys point at"
    for index in table.unique:
        if not index.primary and index.columns[:1] != ("agency_id",):
            yield f"{table.name}: the unique {index.name} must start with agency_id, or one agency can block another"
    for key in table.keys:
        yield from _key(table, key, catalogue, neighbours, every)


def _key(
    table: Table, key: Key, catalogue: Mapping[str, Table], neighbours: set[str], every: set[str]
) -> Iterator[str]:
    target = catalogue.get(key.table)
    owner = owner_of_table(key.table, every)
    if owner not in neighbours:
        yield f"{table.name}: {key.name} points at {key.table}; add {owner!r} to `requires` or keep a plain id"
    pairs = zip(key.columns, key.referred, strict=True)
    if target and "agency_id" in target.columns and ("agency_id", "agency_id") not in pairs:
        yield f"{table.name}: {key.name} can point into another agency; make it with owned_foreign_key"


def _roles(connection: Connection, app: str, system: str) -> Iterator[str]:
    rows = connection.execute(text(_ROLES), {"names": [app, system]}).mappings()
    found: dict[str, Mapping[str, Any]] = {row["rolname"]: dict(row) for row in rows}
    for name in (app, system):
        role = found.get(name)
        if role is None:
            yield f'the role {name} does not exist; "tripfile db roles" makes it'
            continue
        if role["rolsuper"]:
            yield f"the role {name} is a superuser, whom no policy binds: ALTER ROLE {name} NOSUPERUSER"
        if role["rolbypassrls"]:
            yield f"the role {name} bypasses row-level security: ALTER ROLE {name} NOBYPASSRLS"
        if role["owner"] and not role["rolsuper"]:
            yield f"the role {name} may act as the tables' owner: REVOKE the owner's role from it"


_ROLES = """
SELECT rolname, rolsuper, rolbypassrls, pg_has_role(rolname, current_user, 'member') AS owner
FROM pg_roles WHERE rolname = any(:names)
"""

_CATALOGUE = """
SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
    c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
    (SELECT array_agg(attname::text) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
    (SELECT array_agg(coalesce(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)))
        FROM pg_policy WHERE polrelid = c.oid AND polpermissive
        AND (0 = any(polroles) OR to_regrole(quote_ident(:app)) = any(polroles))) AS policies,
    (SELECT jsonb_agg(jsonb_build_object('name', u.relname, 'primary', i.indisprimary, 'columns',
            (SELECT jsonb_agg(coalesce(attname::text, 'expression') ORDER BY k.place)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
                LEFT JOIN pg_attribute ON attrelid = c.oid AND attnum = k.number AND attnum > 0
                WHERE k.place <= i.indnkeyatts)))
        FROM pg_index i JOIN pg_class u ON u.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisunique) AS unique,
    (SELECT jsonb_agg(jsonb_build_object('name', f.conname, 'table', f.confrelid::regclass::text,
            'columns', (SELECT jsonb_agg(attname ORDER BY place)
                FROM unnest(f.conkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute ON attrelid = f.conrelid AND attnum = number),
            'referred', (SELECT jsonb_agg(attname ORDER BY place)
                FROM unnest(f.confkey) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute ON attrelid = f.confrelid AND attnum = number)))
        FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f') AS keys
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname
"""
