"""Administrators from the command line."""

from __future__ import annotations

import click

from core.actor import system
from core.db.tenancy import acting_as
from core.factors import removal
from core.users import accounts, administrators, first_start, service


@click.group()
def admin() -> None:
    """Make administrators, reset passwords, attach people to a second agency, and close accounts."""


@admin.command("create")
@click.option("--agency", required=True, help="Slug of the agency.")
@click.option("--email", required=True, help="E-mail address to sign in with.")
@click.option("--name", help="What the person is called, and may change; their address up to the @ where left out.")
def create(agency: str, email: str, name: str | None) -> None:
    """Make an administrator of an agency, or its owner where it has none; prints a new account's password once."""
    _print(first_start.create_admin(agency=agency, email=email, name=name))


@admin.command("list")
@click.option("--agency", help="Slug of one agency; all of them without it.")
def rows(agency: str | None) -> None:
    """List the owners and administrators of agencies, and the operators of the platform."""
    if agency is not None:
        first_start.agency_id_of(agency)
    for each in administrators.ADMINISTRATORS.rows(agency=agency):
        state = "closed" if each.closed else each.state
        click.echo(f"{each.agency:24} {each.role:9} {state:10} {each.name} <{each.email}>")
    for operator in administrators.OPERATORS.rows() if agency is None else ():
        state = "closed" if operator.closed else "active"
        click.echo(f"{'(platform)':24} {'operator':9} {state:10} {operator.name} <{operator.email}>")


@admin.command("reset")
@click.option("--email", help="Whose password; the first administrator's by default.")
def reset(email: str | None) -> None:
    """Set a new random password, print it once, and end all sessions of that person."""
    _print(first_start.reset_admin(email=email))


@admin.command("attach")
@click.option("--agency", required=True, help="Slug of the agency.")
@click.option("--email", required=True, help="Of somebody who has an account, here or in another agency.")
@click.option("--role", "roles", multiple=True, required=True, help="Code of a role; may be given several times.")
def attach(agency: str, email: str, roles: tuple[str, ...]) -> None:
    """Give somebody with an account a place in an agency, or a member more roles; make sure first who they are."""
    with acting_as(system(first_start.agency_id_of(agency))):
        member = service.attach(email, list(roles))
        click.echo(f"{member.name} <{member.email}> is a member of {agency} as {', '.join(member.roles)}")


@admin.command("setup-token")
def setup_token() -> None:
    """Print a token, good for a day and once, with which the first agency and its owner are made over HTTP."""
    click.echo(first_start.setup_token())


@admin.command("disable")
@click.option("--email", required=True, help="Whose account.")
def disable(email: str) -> None:
    """Close an account in every agency: sessions, keys and open connections end within two seconds."""
    name = accounts.disable(email)
    click.echo(f"The account of {name} <{email}> is closed; tripfile admin enable --email {email} opens it again")


@admin.command("enable")
@click.option("--email", required=True, help="Whose account.")
def enable(email: str) -> None:
    """Open an account again; its person signs in anew."""
    click.echo(f"The account of {accounts.enable(email)} <{email}> is open")


@admin.command("reset-factors")
@click.option("--email", required=True, help="Whose second factors; make sure first that it is they who ask.")
def reset_factors(email: str) -> None:
    """Remove all second factors of somebody who has lost them, in every agency, and end their sessions."""
    removal.reset_everywhere(email)
    click.echo(f"The second factors of {email} are removed, and their sessions ended; they are told by mail")


@admin.group("operator")
def operator() -> None:
    """Say who may enter agencies to help them, always with a reason and on the record."""


@operator.command("grant")
@click.option("--email", required=True, help="Of somebody who has an account.")
def grant_operator(email: str) -> None:
    """Let somebody enter any agency, for half an hour at a time."""
    click.echo(f"{accounts.make_operator(email)} <{email}> is an operator of the platform now")


@operator.command("revoke")
@click.option("--email", required=True, help="Of an operator.")
def revoke_operator(email: str) -> None:
    """Take that back; wherever they are in an agency just now, they are out within two seconds."""
    click.echo(f"{accounts.unmake_operator(email)} <{email}> is no operator any more")


def _print(credentials: first_start.FirstAdmin) -> None:
    click.echo(f"E-mail:   {credentials.email}")
    click.echo(f"Password: {credentials.password or 'unchanged, the account existed before'}")
    if credentials.role is not None:
        click.echo(f"Role:     {credentials.role}")
