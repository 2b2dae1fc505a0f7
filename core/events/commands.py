"""`tripfile events`: who follows the log, and rebuilding what followers keep."""

from __future__ import annotations

import time

import click
from flask import current_app

from core.events import catalogue as known
from core.events import checkpoints, following, rebuilding
from core.plugins.manager import installed
from core.users.first_start import agency_id_of


@click.group()
def events() -> None:
    """The event log: its followers, and its catalogue."""


@events.command()
def followers() -> None:
    """List who follows the log and how far behind each is."""
    known = following.registered(current_app)
    places = checkpoints.every(known)
    for name, followed in sorted(known.items()):
        mine = [place for place in places if place.name == name]
        behind = sum(place.behind for place in mine if place.live is not False)
        click.echo(f"{name}: {behind} events behind in {len(mine)} agencies. {followed.follower.summary}")
        for place in mine:
            if place.last_error:
                click.echo(f"  {place.agency_id} stands at {place.seq} of {place.head}: {place.last_error}")
            elif place.live is False:
                click.echo(f"  {place.agency_id} build {place.build} stands at {place.seq} of {place.head}")


@events.command()
@click.argument("name")
@click.option("--agency", help="Slug of the agency; all of them without it.")
def rebuild(name: str, agency: str | None) -> None:
    """Make again what a follower keeps, from the first event; readers see the old until the new has caught up."""
    # The commands run in an application's context of their own; work in the background needs the application itself.
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - Flask documents it for this
    agencies = rebuilding.start(app, name, agency_id=agency_id_of(agency) if agency else None)
    while left := [each for each in rebuilding.under_way(app, name, agencies) if not following.waits(app, each)]:
        stuck = next((place for place in left if place.last_error), None)
        if stuck is not None:
            raise click.ClickException(
                f"{name} stopped: {stuck.last_error}. It goes on by itself once that is put right"
            )
        if not following.follow_once(app, names=[name], agencies=agencies):
            time.sleep(0.2)
    off = {each.agency_id for each in rebuilding.under_way(app, name, agencies)}
    click.echo(f"{name} is rebuilt in {_agencies(len(agencies) - len(off))}.")
    if off:
        click.echo(f"It is switched off in {_agencies(len(off))}, and rebuilt there once it is on again.")


def _agencies(number: int) -> str:
    return "1 agency" if number == 1 else f"{number} agencies"


@events.command()
@click.option("--markdown", is_flag=True, help="As the page docs/events.md.")
def catalogue(*, markdown: bool) -> None:
    """List the events that this installation publishes."""
    plugins = installed()
    if markdown:
        click.echo(known.markdown(plugins), nl=False)
        return
    for each in known.entries(plugins):
        click.echo(f"{each.name} (version {each.version}, for {each.permission}): {each.summary}")
