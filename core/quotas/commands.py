"""Quotas from the command line: the operator's exceptions."""

from __future__ import annotations

import click

from core.actor import system
from core.db.tenancy import acting_as
from core.quotas import service
from core.users.first_start import agency_id_of

_AGENCY = click.option("--agency", required=True, help="Slug of the agency.")


@click.command("show")
@_AGENCY
def show(agency: str) -> None:
    """Show an agency's quotas and what it used of them today."""
    with acting_as(system(agency_id_of(agency))):
        for view in service.views():
            click.echo(f"{view.name:32} {view.used:>8} of {view.per_day}")


@click.command("set")
@click.argument("quota")
@click.argument("per_day", type=click.IntRange(min=0))
@_AGENCY
def set_quota(quota: str, per_day: int, agency: str) -> None:
    """Let an agency do so many of something a day."""
    with acting_as(system(agency_id_of(agency))):
        service.allow(quota, per_day)
        click.echo(f"{agency} may do {per_day} of {quota} a day")


@click.command("reset")
@click.argument("quota")
@_AGENCY
def reset(quota: str, agency: str) -> None:
    """Give an agency the declared quota again."""
    with acting_as(system(agency_id_of(agency))):
        service.reset(quota)
        click.echo(f"{agency} has the usual quota {quota} again")


ALL = (show, set_quota, reset)
