"""`tripfile privacy`: keeping a restored copy from bringing people back."""

from __future__ import annotations

from pathlib import Path

import click

from core.privacy import collecting, tombstones


@click.group()
def privacy() -> None:
    """People who were erased, and keeping them so."""


@privacy.command()
def erased() -> None:
    """Print who was erased, `<agency> <kind> <id>` a line, for keeping outside the database."""
    for line in tombstones.lines():
        click.echo(line)


@privacy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def reapply(file: Path) -> None:
    """Erase everybody again who stands in FILE, after a backup was restored; safe to repeat."""
    try:
        wanted = tombstones.read(file)
    except tombstones.UnreadableTombstones as error:
        raise click.ClickException(str(error)) from error
    count, failed = tombstones.reapply(wanted)
    click.echo(f"{count} of {len(wanted)} people were there again and are erased.")
    for name in collecting.not_asked():
        click.echo(f"The plugin {name} is not loaded: what it holds stays.", err=True)
    for line in failed:
        click.echo(line, err=True)
    if failed:
        raise click.ClickException(f"{len(failed)} people could not be erased; the log says why")
