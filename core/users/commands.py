"""Administrators from the command line."""

from __future__ import annotations

import click

from core.users import first_start


@click.group()
def admin() -> None:
    """Make administrators and reset their passwords."""


@admin.command("create")
@click.option("--agency", required=True, help="Slug of the agency.")
@click.option("--email", required=True, help="E-mail address to sign in with.")
def create(agency: str, email: str) -> None:
    """Make another administrator of an agency and print a random password once."""
    _print(first_start.create_admin(agency=agency, email=email))


@admin.command("reset")
@click.option("--email", help="Whose password; the first administrator's by default.")
def reset(email: str | None) -> None:
    """Set a new random password, print it once, and end all sessions of that person."""
    _print(first_start.reset_admin(email=email))


def _print(credentials: first_start.FirstAdmin) -> None:
    click.echo(f"E-mail:   {credentials.email}")
    click.echo(f"Password: {credentials.password}")
