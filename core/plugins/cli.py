"""`tripfile plugins`: make, list, show, check and remove plugins."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.db.cli import opened, report, sentences

if TYPE_CHECKING:
    from core.plugins.manager import Plugins
    from core.plugins.spec import Plugin


@click.group()
def plugins() -> None:
    """Make, list, show, check and remove plugins."""


@plugins.command()
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The folder to make it in; the current one by default.",
)
def new(name: str, into: Path) -> None:
    """Make a new plugin: installable, tested and green before its first line."""
    from core.plugins import scaffold

    with sentences():
        folder = scaffold.create(name, into=into)
    # As they are called without an environment being active: others of the same names may be found first.
    python, tripfile = (shlex.quote(str(Path(sys.executable).with_name(each))) for each in ("python", "tripfile"))
    place = shlex.quote(str(folder))
    click.echo(
        f"{folder} is ready. Next:\n"
        f"  {python} -m pip install -e {place}\n"
        f"  (cd {place} && {python} -m pytest)\n"
        f"  PLUGINS=built-in,{name} {tripfile} plugins check\n"
        f"  PLUGINS=built-in,{name} {tripfile} db upgrade"
    )


@plugins.command("list")
def list_plugins() -> None:
    """List the plugins that are here, and which are enabled; none of their code runs."""
    from core import config
    from core.plugins.discovery import discover
    from core.plugins.selection import select

    with sentences():
        candidates, doubled = discover()
        chosen, unknown = select(config.load().plugins, candidates)
    for candidate in candidates.values():
        state = "enabled" if candidate.name in chosen else "available"
        click.echo(f"{candidate.name:24} {state:10} {candidate.origin}")
    for problem in (*doubled, *unknown):
        click.echo(problem, err=True)


@plugins.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what an enabled plugin contributes, and which outside hosts it may talk to."""
    from core import config
    from core.plugins import description, manager

    with sentences():
        loaded = manager.load(config.load())
    plugin = _plugin(loaded, name)
    for heading, lines in description.describe(plugin, loaded).items():
        click.echo(f"{heading}:")
        for line in lines or ["none"]:
            click.echo(f"  {line}")


@plugins.command()
def check() -> None:
    """Load and mount what PLUGINS enables and report everything wrong with it; needs no database."""
    from core import config
    from core.http.application import Application
    from core.plugins import manager, mount

    with sentences():
        settings = config.load()
        loaded = manager.load(settings)
        app = Application(settings)
        app.extensions["tripfile.plugins"] = loaded
        mount.mount(app, app.api, loaded)
        app.api.check_names()
    report([], good=f"{len(loaded.optional)} plugins are well: {', '.join(loaded.optional) or 'none enabled'}.")


@plugins.command()
@click.argument("name")
@click.option("--drop-data", is_flag=True, help="Export its tables to var/exports as JSON lines, then drop them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, *, drop_data: bool, yes: bool) -> None:
    """Prepare a plugin's removal; refused while another one needs it. Its data stays unless --drop-data is given."""
    from core.plugins import removal

    with opened() as (settings, loaded):
        _known(loaded, name)
        problems = removal.obstacles(settings, loaded, name)
        if problems:
            raise click.ClickException("\n".join(problems))
        if drop_data:
            if not yes:
                click.confirm(f"This drops every table of {name}, after an export. Go on?", abort=True)
            folder, tables = removal.drop_data(settings, loaded, name)
            click.echo(f"{len(tables)} tables exported to {folder} and dropped.")
    click.echo(_last_steps(loaded, name, dropped=drop_data))


def _last_steps(loaded: Plugins, name: str, *, dropped: bool) -> str:
    candidate = loaded.present[name]
    steps = [f"take '{name}' out of PLUGINS" + (f" (or add '-{name}')" if candidate.built_in else "")]
    if not candidate.built_in:
        steps.append(f"uninstall {candidate.origin}")
    fate = "" if dropped else "; its data stays in the database (--drop-data exports and drops it)"
    return f"Nothing needs {name}. Now {' and '.join(steps)}{fate}."


def _plugin(loaded: Plugins, name: str) -> Plugin:
    if name not in loaded.plugins:
        raise click.ClickException(f"{name!r} is not enabled; enabled are {', '.join(loaded.plugins)}")
    return loaded.plugins[name]


def _known(loaded: Plugins, name: str) -> None:
    if name not in loaded.present:
        raise click.ClickException(f"{name!r} is not installed; present are {', '.join(loaded.present) or 'none'}")
