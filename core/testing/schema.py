"""Whether a plugin's migrations go up, down and up again, agree with its models and keep agencies apart."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect

from core.config import Settings
from core.db import doctor, migrate
from core.db.autogenerate import owner_of_table
from core.db.ownership import CORE, Owner, connect, owners
from core.plugins.manager import Plugins
from core.testing.databases import Server, settings_for


def problems(plugins: Plugins, name: str, settings: Settings) -> list[str]:
    """Everything wrong with the tables of one loaded plugin, tried on an empty database."""
    every = owners(plugins)
    mine = next((owner for owner in every if owner.name == name), None)
    if mine is None:
        tables = plugins.plugins[name].models
        return [f"{name}: it has models but no migrations/; tripfile db revision {name} -m Initial"] if tables else []
    needed = [owner for owner in every if owner.name in _upstream(plugins, name)]
    with connect(settings) as connection:
        migrate.run_upgrade(connection, settings, [*needed, mine])
        migrate.run_downgrade(connection, settings, mine, "base")
        left = [table for table in inspect(connection).get_table_names() if owner_of_table(table, [name])]
        found = [f"{name}: its downgrade leaves the table {table}; drop it" for table in left]
        if found:
            return found
        migrate.run_upgrade(connection, settings, [mine])
        found += [f"models and migrations differ: {line}" for line in migrate.run_check(connection, settings, [mine])]
        requires = {name: tuple(plugins.plugins[name].requires)}
        return found + doctor.run(connection, settings, {name}, requires=requires)


@contextmanager
def scratch(server: Server) -> Iterator[Settings]:
    """Settings for an empty database of its own, dropped at the end."""
    name = f"tripfile_conformance_{secrets.token_hex(6)}"
    try:
        yield settings_for(server.roles_of(name))
    finally:
        server.drop(name)


def unnumbered(mine: Owner) -> list[str]:
    """Migrations that are not called 0001_what.py, 0002_what.py and so on, without a gap."""
    names = sorted(file.name for file in mine.versions.glob("*.py") if not file.name.startswith("__"))
    return [
        f"{mine.name}: the migration {name} must be number {place:04}, as in {place:04}_initial.py"
        for place, name in enumerate(names, start=1)
        if not name.startswith(f"{place:04}_")
    ]


def _upstream(plugins: Plugins, name: str) -> set[str]:
    """The core and everything a plugin requires, however far away."""
    found = {CORE}
    waiting = [name]
    while waiting:
        for other in plugins.plugins[waiting.pop()].requires:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
