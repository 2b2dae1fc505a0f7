"""Who owns tables, where each owner's migrations lie, and the owner role's connection they run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from core.config import ConfigurationError, Settings

if TYPE_CHECKING:
    from core.plugins.manager import Plugins

ENVIRONMENT = Path(__file__).parents[2] / "migrations"
CORE = "core"
_VERSIONS = "_alembic_version"
# Any number will do, as long as every process of every release takes the same one.
_LOCK = 0x7472_6970_6669_6C65


class MigrationError(Exception):
    """A migration command cannot do what was asked; the message says what to do."""


@dataclass(frozen=True)
class Owner:
    """Who owns tables: the core, or a plugin."""

    name: str
    versions: Path

    @property
    def version_table(self) -> str:
        """Where the database remembers this owner's revision."""
        return f"{self.name}{_VERSIONS}"


def owners(plugins: Plugins) -> tuple[Owner, ...]:
    """The core, then every enabled plugin that has migrations, in load order."""
    found = [Owner(CORE, ENVIRONMENT / "versions")]
    for name, folder in plugins.folders.items():
        if (folder / "migrations").is_dir():
            found.append(Owner(name, folder / "migrations"))
    return tuple(found)


def roles(settings: Settings) -> tuple[str, str]:
    """The names of the application's and the system's role, from the user names in the URLs."""
    app, owner, system = (_user(url) for url in _urls(settings))
    if len({app, owner, system}) < 3:
        message = (
            "DATABASE_URL, DATABASE_OWNER_URL and DATABASE_SYSTEM_URL must name three different roles, because a role"
            ' that owns the tables can switch row-level security off; "tripfile db roles" makes them'
        )
        raise ConfigurationError([message])
    return app, system


@contextmanager
def connect(settings: Settings, *, lock: bool = True) -> Iterator[Connection]:
    """A connection of the owner role in one transaction; `lock` keeps every other migrating process waiting."""
    engine = create_engine(_urls(settings)[1], poolclass=NullPool)
    with engine.begin() as connection:
        if lock:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            # Old code goes on serving: a migration that cannot get its table lock soon must not queue requests.
            wait = int(settings.database_lock_timeout.total_seconds() * 1000)
            connection.execute(text(f"SET LOCAL lock_timeout = {wait}"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        yield connection


def chosen(every: Sequence[Owner], name: str | None) -> Sequence[Owner]:
    """All owners, or the one named; raises MigrationError for an unknown name."""
    if name is None:
        return every
    found = [each for each in every if each.name == name]
    if not found:
        raise MigrationError(f"{name!r} owns no migrations; owners are {', '.join(each.name for each in every)}")
    return found


def installed_owners(connection: Connection) -> set[str]:
    """Every owner that has left a version table in the database, enabled or not."""
    tables = inspect(connection).get_table_names()
    return {table.removesuffix(_VERSIONS) for table in tables if table.endswith(_VERSIONS)}


def _urls(settings: Settings) -> tuple[URL, URL, URL]:
    """The addresses for the application's, the owner's and the system's role."""
    if settings.database_url is None:
        raise ConfigurationError(
            ["DATABASE_URL is missing: set it to the PostgreSQL address of the application's role"]
        )
    app = settings.database_url
    every = (app, settings.database_owner_url or app, settings.database_system_url or app)
    urls = [make_url(url.get_secret_value().replace("postgres://", "postgresql://", 1)) for url in every]
    owned, owner, system = (url.set(drivername="postgresql+psycopg") for url in urls)
    return owned, owner, system


def _user(url: URL) -> str:
    # Poolers of hosted PostgreSQL take `role.project` as the user name.
    return (url.username or "").partition(".")[0]
