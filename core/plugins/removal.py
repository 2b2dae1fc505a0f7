"""Taking a plugin out for good: nothing may need it any more, and its data is exported before it is dropped."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, bindparam, inspect, text

from core import clock
from core.config import Settings
from core.db import doctor, migrate
from core.db.autogenerate import owner_of_table
from core.db.ownership import MigrationError, Owner, connect, installed_owners, roles
from core.plugins.discovery import Candidate
from core.plugins.manager import Plugins

# What the core keeps about a plugin, and how its rows name it.
_TRACES = {
    "core_plugin_switch": "plugin = :name",
    "core_role_permission": "starts_with(permission, :name || '.')",
    "core_search_token": "starts_with(entity, :name || '.')",
    "core_custom_value": "field_id IN (SELECT id FROM core_custom_field WHERE starts_with(entity, :name || '.'))",
    "core_custom_field": "starts_with(entity, :name || '.')",
}
_TAKEN_ALONG = ("core_custom_field", "core_custom_value")
"""Traces that only people can have made, and that an export has too."""


def obstacles(settings: Settings, plugins: Plugins, name: str) -> list[str]:
    """Why a plugin cannot be removed, one sentence each: plugins, enabled or not, and foreign keys that need it."""
    resting = [each.name for each in plugins.present.values() if name in _requirements(each)]
    found = [f"{other} requires {name}: remove {other} first" for other in (*plugins.dependents(name), *resting)]
    with connect(settings, lock=False) as connection:
        every = installed_owners(connection)
        for table in doctor.tables(connection, roles(settings)[0]):
            owner = owner_of_table(table.name, every)
            if owner != name and any(owner_of_table(key.table, every) == name for key in table.keys):
                found.append(f"the table {table.name} of {owner} points at {name}: remove {owner} first")
    return list(dict.fromkeys(found))


def drop_data(settings: Settings, plugins: Plugins, name: str) -> tuple[Path, list[str]]:
    """Export a plugin's tables as JSON lines, then drop them with everything the core kept about it.

    Returns the folder of the export and the names of the tables. All or nothing.
    """
    if name not in plugins.present:
        raise MigrationError(
            f"{name} is not installed any more; install it again, so that its migrations can be undone"
        )
    owner = Owner(name, plugins.present[name].folder / "migrations")
    with connect(settings) as connection:
        every = installed_owners(connection) | {name}
        tables = [table for table in inspect(connection).get_table_names() if owner_of_table(table, every) == name]
        tables = [table for table in tables if table != owner.version_table]
        wanted = dict.fromkeys(tables, "true") | {each: _TRACES[each] for each in _TAKEN_ALONG}
        folder = settings.var_dir / "exports" / f"{name}-{clock.now():%Y%m%dT%H%M%SZ}"
        _export(connection, wanted, folder, name=name)
        if owner.versions.is_dir():
            migrate.run_downgrade(connection, settings, owner, "base")
        _forget(connection, name)
    return folder, tables


def _requirements(candidate: Candidate) -> set[str]:
    """What a plugin requires, read from its code without running it."""
    tree = ast.parse((candidate.folder / "__init__.py").read_text())
    written = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "requires"]
    keys = [key for value in written if isinstance(value, ast.Dict) for key in value.keys]
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _export(connection: Connection, tables: Mapping[str, str], folder: Path, *, name: str) -> None:
    """Write the rows of each table that meet its condition."""
    folder.mkdir(mode=0o700, parents=True)
    quote = connection.dialect.identifier_preparer.quote
    for table, condition in tables.items():
        if not inspect(connection).has_table(table):
            continue
        # A catalogue name, and a constant of this module.
        query = text(f"SELECT to_jsonb(exported) FROM {quote(table)} AS exported WHERE {condition}")  # noqa: S608
        values = {"name": name} if ":name" in condition else {}
        rows = connection.execute(query, values, execution_options={"yield_per": 1000})
        with (folder / f"{table}.jsonl").open("w") as lines:
            lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.scalars())


def _forget(connection: Connection, name: str) -> None:
    """Remove what the core's own tables say about the plugin."""
    for table, condition in _TRACES.items():
        if inspect(connection).has_table(table):
            statement = text(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608 - constants of this module
            connection.execute(statement.bindparams(bindparam("name", name)))
