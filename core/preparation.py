"""What a start does before it serves: checks, migrations, the first administrator; a process of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from core import checks
from core.config import ConfigurationError, Settings, load
from core.db import migrate
from core.errors import Problem
from core.plugins import manager

if TYPE_CHECKING:
    from core.http.application import Application


def prepare(settings: Settings) -> None:
    """Bring the database up to date and print the first administrator's password, once."""
    from core.app import create_app
    from core.db.session import dispose

    for warning in checks.require(settings):
        click.echo(f"Warning: {warning}", err=True)
    plugins = manager.load(settings)
    steps = migrate.upgrade(settings, plugins, progress=lambda line: click.echo(f"  {line}"))
    if steps:
        click.echo(f"Database: {len(steps)} {'migration' if len(steps) == 1 else 'migrations'} done")
    app = create_app(settings)
    _begin(app, settings)
    with app.app_context():
        dispose()


def _begin(app: Application, settings: Settings) -> None:
    """Somebody to sign in as on a machine of one's own; elsewhere nobody gets in by an account they did not make."""
    from core.users.first_start import ensure_admin

    if settings.production or settings.registration == "first":
        _point_to_first_agency(app, settings)
        return
    admin = ensure_admin(app)
    if admin is not None:
        _announce(
            "Your first administrator. The password is shown this once:",
            f"  E-mail    {admin.email}",
            f"  Password  {admin.password}",
            f"  API       {checks.address(settings)}/docs",
            "A new one at any time: tripfile admin reset",
            *([] if settings.demo else ["Made-up agencies with leads, to try things out with: tripfile demo seed"]),
        )
    if settings.demo:
        _make_demo(app)


def _make_demo(app: Application) -> None:
    from core.demo import commands

    try:
        with app.app_context():
            commands.show(commands.usual())
    except Problem as problem:
        raise ConfigurationError([f"DEMO: {problem}"]) from problem


def _point_to_first_agency(app: Application, settings: Settings) -> None:
    from core.users import founding

    with app.app_context():
        if founding.is_done():
            return
    address = f"{checks.address(settings)}{settings.api_prefix}/auth"
    if settings.registration == "off":
        click.echo(f"There is no agency yet: `tripfile admin setup-token`, then POST {address}/setup")
    else:
        click.echo(f"There is no agency yet: whoever registers first founds it, POST {address}/register")


def _announce(*lines: str) -> None:
    width = max(map(len, lines)) + 2
    click.echo(f"\n┌{'─' * width}┐")
    for line in lines:
        click.echo(f"│ {line:{width - 2}} │")
    click.echo(f"└{'─' * width}┘\n")


if __name__ == "__main__":
    try:
        prepare(load())
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)
