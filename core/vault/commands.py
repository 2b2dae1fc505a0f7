"""`tripfile vault`: keys that protect keys."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app

from core.config import Settings
from core.crypto import Unreadable
from core.keyring.rings import ring
from core.vault import keys, rewrapping


@click.group()
def vault() -> None:
    """What is encrypted in the database, and the keys it is encrypted with."""


@vault.command()
def status() -> None:
    """Show each key of the ring `vault`, and how much still needs it."""
    for key in ring(keys.RING).all():
        mark = "current" if key.current else "older"
        click.echo(f"{key.id}  {mark:8} needed by {rewrapping.uses(key.id)}")
    _tell_unseen("is not counted")


@vault.command()
def rewrap() -> None:
    """Wrap and seal anew what older keys protect, in batches; afterwards see `status` for those needed no more."""
    # Whoever asks for the ring first makes its first key.
    ring(keys.RING).current()
    changed = sum(rewrapping.everywhere())
    click.echo(f"{changed} keys and secrets are under the current key now.")
    _tell_unseen("stays under the older keys")


@vault.command("reseal")
@click.option(
    "--old-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A file with the JWT_SECRET the rings were sealed under until now.",
)
def reseal(old_secret_file: Path) -> None:
    """Seal the rings under the present JWT_SECRET instead of an older one, while no process runs."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    try:
        changed = rewrapping.reseal_rings(old_secret_file.read_text().strip(), settings)
    except Unreadable as error:
        raise click.ClickException("A key was sealed under neither of the two secrets; nothing was changed") from error
    click.echo(f"{changed} keys are sealed under the present JWT_SECRET now.")


def _tell_unseen(what: str) -> None:
    for name in rewrapping.unseen():
        click.echo(f"The plugin {name} is not loaded: what it sealed {what}.", err=True)
