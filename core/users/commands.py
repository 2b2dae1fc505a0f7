"""Administrators from the command line."""

from __future__ import annotations

import click

from core.actor import system
from core.db.tenancy import acting_as
from core.users import first_start, service


@click.group()
def admin() -> None:
    """Make administrators, reset passwords, and attach people to a second agency."""


@admin.command("create")
@click.option("--agency", required=True, help="Slug of the agency.")
@click.option("--email", required=True, help="E-mail address to sign in with.")
def create(agency: str, email: str) -> None:
    """Make an administrator of an agency; a new account gets a random password, printed once."""
    _print(first_start.create_admin(agency=agency, email=email))


@admin.command("reset")
@click.option("--email", help="Whose password; the first administrator's by default.")
def reset(email: str | None) -> None:
    """Set a new random password, print it once, and end all sessions of that person."""
    _print(first_start.reset_admin(email=email))


@admin.command("attach")
@click.option("--agency", required=True, help="Slug of the agency.")
@click.option("--email", required=True, help="Of somebody who has an account in another agency.")
@click.option("--role", "roles", multiple=True, required=True, help="Code of a role; may be given several times.")
def attach(agency: str, email: str, roles: tuple[str, ...]) -> None:
    """Give somebody with an account a place in an agency; make sure first that the account is theirs."""
    with acting_as(system(first_start.agency_id_of(agency))):
        member = service.attach(email, list(roles))
        click.echo(f"{member.name} <{member.email}> is a member of {agency} now")


def _print(credentials: first_start.FirstAdmin) -> None:
    click.echo(f"E-mail:   {credentials.email}")
    click.echo(f"Password: {credentials.password or 'unchanged, the account existed before'}")
