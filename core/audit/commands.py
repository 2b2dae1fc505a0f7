"""`tripfile audit`: is the log what was sealed?"""

from __future__ import annotations

from uuid import UUID

import click
from flask import current_app

from core.actor import system
from core.audit import heads, repository, verification
from core.audit.repository import ChainHead
from core.config import Settings
from core.db.tenancy import acting_as
from core.users.first_start import agency_id_of


@click.group()
def audit() -> None:
    """The audit log: prove that nobody touched it."""


@audit.command()
@click.option("--agency", help="Slug of the agency; all of them without it.")
def verify(agency: str | None) -> None:
    """Recompute the hash chain, name the first event that was touched, and fail where there is one."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    wanted = agency_id_of(agency) if agency else None
    try:
        noted = heads.noted(settings.audit_head_file)
    except (OSError, heads.UnreadableHeads) as error:
        raise click.ClickException(f"AUDIT_HEAD_FILE cannot be used: {error}") from error
    chains = [chain for chain in repository.heads() if wanted in (None, chain.agency_id)]
    damaged = [chain.slug for chain in chains if not _verified(chain, noted.get(chain.agency_id, {}))]
    if wanted is None:
        damaged += _gone(chains, noted)
    if damaged:
        raise click.ClickException(f"The log was touched in {len(damaged)} of {len(chains)} agencies")
    whose = "1 agency" if len(chains) == 1 else f"{len(chains)} agencies"
    click.echo(f"The log of {whose} is what was sealed.")


def _verified(chain: ChainHead, noted: dict[int, str]) -> bool:
    with acting_as(system(chain.agency_id)):
        try:
            found = verification.verify(noted)
        except verification.Damage as damage:
            click.echo(f"{chain.slug}: {damage}", err=True)
            return False
    tail = f"; {found.unsealed} after it are not sealed yet" if found.unsealed else ""
    gone = f"; of {found.forgotten} it is no longer known where they came from" if found.forgotten else ""
    click.echo(f"{chain.slug}: sealed up to event {found.last.seq}{tail}{gone}")
    return True


def _gone(chains: list[ChainHead], noted: dict[UUID, dict[int, str]]) -> list[str]:
    """The agencies whose seals were noted and that are not there."""
    gone = sorted(str(agency_id) for agency_id in noted.keys() - {chain.agency_id for chain in chains})
    for agency_id in gone:
        click.echo(f"{agency_id}: the agency is gone, and with it a log that was noted elsewhere", err=True)
    return gone
