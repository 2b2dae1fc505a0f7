"""The demo world from the command line."""

from __future__ import annotations

from datetime import datetime

import click

from core import clock
from core.demo import cast, seeding
from core.demo.seeding import Order, Seeded
from core.users import first_start

_SEED, _LEADS, _MONTHS = 1, 5_000, 24
_STEPS = 1_000


@click.command("seed")
@click.option("--seed", "number", default=_SEED, show_default=True, help="The same number makes the same world.")
@click.option("--leads", default=_LEADS, show_default=True, type=click.IntRange(0, 1_000_000), help="In all.")
@click.option("--months", default=_MONTHS, show_default=True, type=click.IntRange(1, 120), help="How far back it goes.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day it ends on (UTC); today where left out.")
@click.option("--password", help="Everybody's password, at least 15 characters; a random one where left out.")
@click.option("--beside-real-agencies", is_flag=True, help="In production, even where people work already.")
def seed(
    number: int, leads: int, months: int, until: datetime | None, password: str | None, *, beside_real_agencies: bool
) -> None:
    """Make two agencies with people, contacts and two years of leads to try things out with; once, and never again."""
    if not beside_real_agencies:
        seeding.refuse_beside_others()
    order = Order(number, leads, months, until.date() if until else clock.today("UTC"))
    show(order, password=password)


def usual() -> Order:
    """The demo world that nobody ordered otherwise, up to today."""
    return Order(_SEED, _LEADS, _MONTHS, clock.today("UTC"))


def show(order: Order, *, password: str | None = None) -> None:
    """Seed the demo world, with a progress bar, and say who is in it and how to sign in. Raises Invalid."""
    password = password or first_start.random_password()
    with click.progressbar(length=_STEPS, label="Demo world") as bar:
        done = 0.0

        def advance(share: float) -> None:
            nonlocal done
            done += share * _STEPS
            bar.update(min(int(done), _STEPS) - bar.pos)

        found = seeding.seed(order, password=password, advance=advance)
        bar.update(_STEPS - bar.pos)
    for each in found:
        _tell(each)
    if any(each.is_new for each in found):
        click.echo(f"Password of everybody in what is new, shown this once: {password}")


def _tell(seeded: Seeded) -> None:
    agency, order = seeded.agency, seeded.order
    what = f"seed {order.seed}, {order.leads:,} leads in all, {order.months} months up to {order.until}"
    if not seeded.is_new:
        click.echo(f"{agency.slug} is there already ({what}): nothing was changed")
        return
    click.echo(f"{agency.slug}: {agency.name} ({what})")
    roles: dict[str, list[cast.Person]] = {}
    for person in agency.people:
        roles.setdefault(person.role, []).append(person)
    for role, people in roles.items():
        click.echo(f"  {role:11} {', '.join(agency.email(each) for each in people)}")
