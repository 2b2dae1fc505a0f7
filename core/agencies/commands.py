"""Agencies from the command line."""

from __future__ import annotations

import click

from core.agencies import service


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
