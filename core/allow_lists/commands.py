"""Lists of allowed networks from the command line: the way back in."""

from __future__ import annotations

import click

from core.actor import system
from core.allow_lists import service
from core.db.tenancy import acting_as
from core.users.first_start import agency_id_of


@click.group("allow-list")
def allow_list() -> None:
    """Let people back in whom their agency's lists of allowed networks lock out."""


@allow_list.command("clear")
@click.option("--agency", required=True, help="Slug of the agency.")
def clear(agency: str) -> None:
    """Delete every list of an agency, so that its people may work from anywhere; running processes follow at once."""
    with acting_as(system(agency_id_of(agency))):
        count = service.clear()
        click.echo(f"{agency} had {count} lists and has none now; its people may work from anywhere")
