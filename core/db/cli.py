"""`tripfile db`: migrations of every owner, drift, the catalogue's health, and the three roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from core.config import Settings
    from core.plugins.manager import Plugins


@click.group()
def db() -> None:
    """Migrations, checks and roles of the database."""


@contextmanager
def opened() -> Iterator[tuple[Settings, Plugins]]:
    """The settings with a database that answers and the loaded plugins; known failures end as sentences."""
    from core import config
    from core.db.attachment import attach
    from core.plugins import manager

    with sentences(), attach(config.load()) as settings:
        yield settings, manager.load(settings)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what an operator can put right into a message instead of a traceback."""
    import psycopg
    from sqlalchemy.exc import OperationalError

    from core.config import ConfigurationError
    from core.db.ownership import MigrationError

    try:
        yield
    except ConfigurationError as error:
        raise click.ClickException("\n".join(error.problems)) from error
    except MigrationError as error:
        raise click.ClickException(str(error)) from error
    except (OperationalError, psycopg.OperationalError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise click.ClickException(f"The database cannot be used: {reason}") from error


def report(problems: list[str], *, good: str) -> None:
    """Print the problems and fail, or say that all is well."""
    if problems:
        raise click.ClickException("\n".join(problems))
    click.echo(good)


@db.command()
@click.argument("owner", required=False)
def upgrade(owner: str | None) -> None:
    """Bring the schema of every owner (or one) up to date; all of it or nothing."""
    from core.db import migrate

    with opened() as (settings, plugins):
        steps = migrate.upgrade(settings, plugins, owner, progress=click.echo)
    many = "1 migration" if len(steps) == 1 else f"{len(steps)} migrations"
    click.echo(f"{many} done." if steps else "Everything is up to date.")


@db.command()
@click.argument("owner")
@click.option("--to", "target", default="-1", show_default=True, help="The revision to go back to, or 'base'.")
@click.confirmation_option(prompt="Going back can drop columns and tables with their data. Go on?")
def downgrade(owner: str, target: str) -> None:
    """Take one owner's schema back."""
    from core.db import migrate

    with opened() as (settings, plugins):
        steps = migrate.downgrade(settings, plugins, owner, target)
    for step in steps:
        click.echo(f"{step.owner} undone {step.id}: {step.summary}")


@db.command()
@click.argument("owner")
@click.option("-m", "--message", required=True, help="What changes, as a changelog would say it.")
@click.option("--empty", is_flag=True, help="Write an empty revision instead of comparing models and database.")
def revision(owner: str, message: str, *, empty: bool) -> None:
    """Write an owner's next migration."""
    from core.db import migrate

    with opened() as (settings, plugins):
        click.echo(migrate.revision(settings, plugins, owner, message, autogenerate=not empty))


@db.command()
def check() -> None:
    """Fail when models and database differ."""
    from core.db import migrate

    with opened() as (settings, plugins):
        report(migrate.check(settings, plugins), good="Models and database agree.")


@db.command()
def current() -> None:
    """Show the revision of every owner."""
    from core.db import migrate

    with opened() as (settings, plugins):
        for status in migrate.current(settings, plugins):
            note = f"  (newest is {status.head}: run tripfile db upgrade)" if status.pending else ""
            click.echo(f"{status.owner:24} {status.current or '-'}{note}")


@db.command()
@click.argument("owner", required=False)
def history(owner: str | None) -> None:
    """Show every migration of every owner (or one), oldest first."""
    from core.db import migrate

    with opened() as (_, plugins):
        for step in migrate.history(plugins, owner):
            click.echo(f"{step.owner:24} {step.id}  {step.summary}")


@db.command()
def doctor() -> None:
    """Fail when the database's own catalogue shows a gap: row-level security, keys, unique constraints, roles."""
    from core.db import doctor as examination

    with opened() as (settings, plugins):
        report(examination.examine(settings, plugins), good="The database is well.")


@db.command()
@click.option(
    "--superuser-url",
    envvar="DATABASE_ADMIN_URL",
    prompt="Address of a superuser, as postgresql://user:password@host/postgres",
    hide_input=True,
    help="Who makes the roles; better from DATABASE_ADMIN_URL or the prompt than on the command line.",
)
@click.option("--database", default="tripfile", show_default=True, help="The database to make or to prepare.")
@click.option("--prefix", default="tripfile", show_default=True, help="What the names of the roles start with.")
def roles(superuser_url: str, database: str, prefix: str) -> None:
    """Make the owner, app and system roles and the database, and print their addresses for .env."""
    from core import config
    from core.checks import database_problem
    from core.db.roles import ROLES, ensure

    with sentences():
        settings = config.load()
        known = _passwords(settings)
        passwords = {role: known.get(f"{prefix}_{role}") or secrets.token_urlsafe(32) for role in ROLES}
        timeouts = {
            "statement_timeout": settings.database_statement_timeout,
            "lock_timeout": settings.database_lock_timeout,
        }
        if problem := database_problem("--superuser-url", superuser_url):
            raise click.ClickException(problem)
        urls = ensure(superuser_url, database, passwords=passwords, prefix=prefix, timeouts=timeouts)
    click.echo(f"DATABASE_URL={urls.app}\nDATABASE_OWNER_URL={urls.owner}\nDATABASE_SYSTEM_URL={urls.system}")


def _passwords(settings: Settings) -> dict[str, str]:
    """The passwords in use, by role: repeating the command must not lock out what is running."""
    from sqlalchemy import make_url

    given = (settings.database_url, settings.database_owner_url, settings.database_system_url)
    urls = [make_url(url.get_secret_value()) for url in given if url]
    return {url.username: url.password for url in urls if url.username and url.password}
