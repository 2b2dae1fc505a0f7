"""`tripfile keys`: the keys that sign tokens and encrypt what is encrypted."""

from __future__ import annotations

from uuid import UUID

import click

from core.keyring import upkeep
from core.keyring.rings import SETTLED_AFTER


@click.group()
def keys() -> None:
    """The keys that sign tokens and encrypt what is encrypted: list, rotate and drop them."""


@keys.command("list")
@click.argument("ring", type=click.Choice([*upkeep.RINGS]), required=False)
def list_keys(ring: str | None) -> None:
    """List the keys of a ring, or of every ring: id, when it was made, and which one is current."""
    for name in [ring] if ring else upkeep.RINGS:
        for key in upkeep.every(name):
            use = "current" if key.current else "old"
            click.echo(f"{name:8}{key.id}  {key.made_at:%Y-%m-%d %H:%M}  {use}")


@keys.command()
@click.argument("ring", type=click.Choice([*upkeep.RINGS]))
def rotate(ring: str) -> None:
    """Make a new key for a ring. Old keys go on verifying and decrypting until they are dropped."""
    made = upkeep.rotate(ring)
    click.echo(f"The current key of {ring} is {made.id}")
    if ring == "tokens":
        seconds = int(SETTLED_AFTER.total_seconds())
        click.echo(f"It signs in {seconds} seconds, when every process knows it. Drop the old one when none needs it:")
        click.echo("at once if it leaked, else when no session is left that was last refreshed before now.")


@keys.command()
@click.argument("ring", type=click.Choice([*upkeep.RINGS]))
@click.argument("key_id", type=click.UUID)
def drop(ring: str, key_id: UUID) -> None:
    """Forget an old key: tokens it signed are refused within seconds, and their owners sign in again."""
    upkeep.drop(ring, key_id)
    click.echo(f"The key {key_id} of {ring} is gone")
