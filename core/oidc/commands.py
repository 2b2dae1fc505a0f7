"""`tripfile oidc`: the operator's word for domains, where no record can be looked for."""

from __future__ import annotations

import click
import msgspec

from core.actor import system
from core.db.tenancy import acting_as
from core.oidc import domains
from core.oidc.schemas import Domain
from core.users.first_start import agency_id_of


@click.command("vouch")
@click.argument("domain")
@click.option("--agency", required=True, help="Slug of the agency.")
def vouch(domain: str, agency: str) -> None:
    """Take an agency's word that a domain of e-mail addresses is its own: its providers then speak for its people."""
    try:
        msgspec.convert(domain, Domain)
    except msgspec.ValidationError:
        raise click.BadParameter(f"{domain} is no domain in lower case, as sunrise.example") from None
    with acting_as(system(agency_id_of(agency))):
        domains.vouch(domain)
    click.echo(f"The providers of {agency} speak for the people of {domain} now")


ALL = (vouch,)
