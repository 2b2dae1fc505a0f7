"""Agencies from the command line."""

from __future__ import annotations

from uuid import UUID

import click

from core.actor import system
from core.agencies import service, suspension
from core.db.tenancy import acting_as


@click.command("create")
@click.option("--slug", required=True, help="Short name for signing in and for --agency.")
@click.option("--name", required=True, help="Name people see.")
@click.option("--currency", default="EUR", show_default=True, help="Base currency, ISO 4217.")
@click.option("--zone", default="UTC", show_default=True, help="IANA time zone.")
@click.option("--language", default="en", show_default=True, help="Language, BCP 47.")
def create(slug: str, name: str, currency: str, zone: str, language: str) -> None:
    """Make an agency with the built-in roles."""
    agency_id = service.found(slug=slug, name=name, currency=currency, zone=zone, language=language)
    click.echo(f"Agency {slug} is {agency_id}. Give it an administrator: tripfile admin create --agency {slug}")


@click.command("list")
def rows() -> None:
    """List every agency: its slug, since when it is there, how many people work there, and whether it is suspended."""
    found = suspension.ALL.rows()
    for each in found:
        state = f"suspended {each.suspended_at:%Y-%m-%d}" if each.suspended_at else "works"
        click.echo(f"{each.slug:24} {each.created_at:%Y-%m-%d}  {each.members:6} people  {state:20} {each.name}")
    if not found:
        click.echo("There are none", err=True)


@click.command("suspend")
@click.argument("slug")
def suspend(slug: str) -> None:
    """Let nobody into an agency and do nothing for it; its data stays. Sessions and keys end within two seconds."""
    with acting_as(system(_agency_id(slug))):
        suspension.suspend()
    click.echo(f"{slug} is suspended; tripfile agencies resume {slug} lets it work again")


@click.command("resume")
@click.argument("slug")
def resume(slug: str) -> None:
    """Let an agency work again: people sign in anew, keys open again, and what rested in the background is done."""
    with acting_as(system(_agency_id(slug))):
        suspension.resume()
    click.echo(f"{slug} works again")


def _agency_id(slug: str) -> UUID:
    # Late: members stand on agencies.
    from core.users.first_start import agency_id_of

    return agency_id_of(slug)


ALL = (create, rows, suspend, resume)
