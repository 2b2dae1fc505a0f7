"""`tripfile jobs`: background work of every agency, and of none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

if TYPE_CHECKING:
    from core.jobs.office import Row

STATES = ("queued", "running", "done", "dead", "cancelled")


@click.group(invoke_without_command=True)
@click.pass_context
def jobs(context: click.Context) -> None:
    """See, repeat, discard and cancel background work. Alone: what waits and runs, by queue."""
    if context.invoked_subcommand is None:
        with _entered():
            _overview()


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state; dead ones were given up.")
@click.option("--queue", help="Only those of this queue.")
@click.option("--name", help="Only jobs of this name, as leads.remind_owner.")
@click.option("--agency", help="Only those of the agency with this slug.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def rows(state: str | None, queue: str | None, name: str | None, agency: str | None, limit: int) -> None:
    """List jobs, newest first."""
    from core.jobs import office

    with _entered():
        found = office.rows(state=state, queue=queue, name=name, agency=agency, limit=limit)
    for row in found:
        error = (row.last_error or "").partition("\n")[0]
        tries = f"{row.attempt}/{row.max_attempts}"
        click.echo(f"{row.id}  {row.state:9} {tries:>5}  {_time(row.run_at)}  {row.queue:10} {row.name}  {error[:80]}")
    if not found:
        click.echo("There are none", err=True)


@jobs.command()
@click.argument("job_id", type=click.UUID)
def show(job_id: UUID) -> None:
    """Show everything about a job."""
    from core.jobs import office

    with _entered():
        row = office.find(job_id)
    if row is None:
        raise click.ClickException("There is no such job")
    for name, value in _shown(row).items():
        if value is not None:
            click.echo(f"{name:16} {value}")


@jobs.command()
@click.argument("job_id", type=click.UUID, required=False)
@click.option("--all", "name", help="Every job of this name that was given up, instead of one job.")
def retry(job_id: UUID | None, name: str | None) -> None:
    """Run a job again that was given up or cancelled, with all its attempts; one that waits for later runs now."""
    _act("REPEAT", job_id, name, done="repeated", refused="It is done, runs or is due already, or the same work waits")


@jobs.command()
@click.argument("job_id", type=click.UUID, required=False)
@click.option("--all", "name", help="Every job of this name that was given up, instead of one job.")
def discard(job_id: UUID | None, name: str | None) -> None:
    """Put a job aside that was given up."""
    _act("DISCARD", job_id, name, done="discarded", refused="It was not given up")


@jobs.command()
@click.argument("job_id", type=click.UUID)
def cancel(job_id: UUID) -> None:
    """Cancel a job: at once while it waits; while it runs, when it next looks."""
    _act("CANCEL", job_id, None, done="cancelled", refused="It has ended already")


@jobs.command()
def schedules() -> None:
    """List what comes back at set times, the next one first."""
    from core.jobs import office

    with _entered():
        found = office.schedules()
    for row in found:
        click.echo(f"{_time(row.next_at)}  {row.cron:16} {row.zone:20} {row.agency or '(all)':20} {row.name}")
    if not found:
        click.echo("None; a worker makes the schedules when it starts")


def _overview() -> None:
    from core.jobs import ledger, office

    found = ledger.lines()
    for line in found:
        late = f"  the oldest since {line.oldest_seconds:.0f} s" if line.state == "due" else ""
        click.echo(f"{line.queue:16} {line.state:8} {line.jobs:8}{late}")
    dead = office.dead()
    for name, count in dead:
        click.echo(f"{name:25} {count:8}  given up")
    if not found and not dead:
        click.echo("Nothing waits, nothing runs, nothing was given up")


def _act(verb: str, job_id: UUID | None, name: str | None, *, done: str, refused: str) -> None:
    from core.jobs import office, statements

    if (job_id is None) == (name is None):
        raise click.UsageError("Name one job by its id, or all of a name with --all")
    with _entered():
        wanted = [job_id] if job_id else office.dead_ones(str(name))
        changed = office.change(wanted, getattr(statements, verb))
        there = job_id is None or bool(changed) or office.find(job_id) is not None
    if not there:
        raise click.ClickException("There is no such job")
    if job_id is not None and not changed:
        raise click.ClickException(refused)
    click.echo(f"{changed} {done}")


def _shown(row: Row) -> Mapping[str, Any]:
    values: dict[str, Any] = {name: getattr(row, name) for name in row.__struct_fields__}
    return {name: _time(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _time(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}Z"


@contextmanager
def _entered() -> Iterator[None]:
    from core.app import create_app
    from core.config import load
    from core.db.attachment import attach
    from core.db.cli import sentences
    from core.db.session import dispose

    with sentences(), attach(load(), existing=True) as settings, create_app(settings).app_context():
        try:
            yield
        finally:
            _close(dispose)


def _close(dispose: Callable[[], None]) -> None:
    from core.bus import bus

    bus().close()
    dispose()
