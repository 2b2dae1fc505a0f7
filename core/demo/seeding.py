"""Seeding: founding the agencies of the demo world, and having every plugin fill them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from core import past
from core.actor import system
from core.agencies.models import Agency
from core.auth import api as auth
from core.db.read import SystemQuery
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.demo import cast
from core.demo.chronicle import Fact
from core.demo.events import WorldSeeded
from core.demo.founding import Founding
from core.demo.world import World, stream
from core.errors import Conflict
from core.events import following
from core.events.models import EventEntry
from core.extensions import db, settings
from core.plugins.manager import installed, is_on
from core.plugins.spec import Plugin
from core.users.repository import members

_FIRST_OF_EACH = 5_000_000
"""Numbers of people lie so far apart between two agencies."""
_DAYS_A_MONTH = 30.4375
_BY_SLUG = SystemQuery(select(Agency.id).where(Agency.slug == bindparam("slug")), lambda agency_id: agency_id)
_SLUGS = SystemQuery(select(Agency.slug), lambda slug: slug)


class Order(NamedTuple):
    """Which demo world: the same for the same numbers, day and plugins, but for what is secret."""

    seed: int
    leads: int
    months: int
    until: date
    """The first day that is not in it any more."""


class Seeded(NamedTuple):
    """An agency of the demo world."""

    agency: cast.Agency
    order: Order
    is_new: bool


def beside() -> list[str]:
    """The agencies that are not of the demo world, by slug."""
    return sorted(set(_SLUGS.rows()) - cast.SLUGS)


def refuse_beside_others() -> None:
    """Raise Conflict in production where somebody works."""
    others = beside() if settings().production else []
    if others:
        raise Conflict(f"This is production, and people work here ({', '.join(others[:3])}): nothing was made up")


def seed(order: Order, *, password: str, advance: Callable[[float], None] = lambda share: None) -> list[Seeded]:
    """Make what is missing of the demo world; what is there stays as it is.

    Each agency is filled in one unit of work: it has all of its leads, or none yet. `advance` is told how much more is
    done, as a share of all there is to do. Raises Invalid for a password that is too weak, and Conflict where an agency
    has the name of one of these and is none.
    """
    for agency in cast.AGENCIES:
        _refuse_namesake(agency)
    found = []
    for number, agency in enumerate(cast.AGENCIES):
        known = _known(agency)
        if known is None:
            _make(agency, order, password, number, lambda share: advance(share / len(cast.AGENCIES)))
        else:
            advance(1 / len(cast.AGENCIES))
        found.append(Seeded(agency, known or order, known is None))
    return found


def fill(world: World) -> None:
    """Have every plugin write its rows of a made-up agency in the running unit of work, and the log of it all."""
    fillers = [plugin for plugin in installed().plugins.values() if plugin.demo is not None]
    parts = len(fillers) + 1
    with closing(world.chronicle), acting_as(system(world.agency_id)):
        for plugin in fillers:
            if is_on(plugin.name):
                _have_filled(plugin, replace(world, plugin=plugin.name, advance=lambda s: world.advance(s / parts)))
            else:
                world.advance(1 / parts)
        with past.at(world.until, world.stream("closing")):
            following.pass_over(world.chronicle.write())
        world.advance(1 / parts)


def _have_filled(plugin: Plugin, world: World) -> None:
    assert plugin.demo is not None
    # For what it leaves to defaults.
    with past.at(world.until, world.stream(f"{plugin.name}:defaults")):
        plugin.demo(world, world.stream(plugin.name))


def _make(agency: cast.Agency, order: Order, password: str, number: int, advance: Callable[[float], None]) -> None:
    until = datetime.combine(order.until, time(), UTC)
    since = until - timedelta(days=round(order.months * _DAYS_A_MONTH))
    founding = Founding(agency, since=since, stream=lambda name: stream(order.seed, agency.slug, f"founding:{name}"))
    _refuse_namesake(agency)
    user_ids = founding.people(password)
    # It is there without its leads where an earlier attempt was killed.
    agency_id = _BY_SLUG.first(slug=agency.slug) or founding.agency(user_ids)
    with unit_of_work(), acting_as(system(agency_id)):
        world = World(
            agency_id=agency_id,
            slug=agency.slug,
            currency=agency.currency,
            language=agency.language,
            zone=agency.zone,
            country=agency.country,
            staff=founding.staff(user_ids),
            leads=_shares(order.leads)[number],
            since=since,
            until=until,
            seed=order.seed,
            first=number * _FIRST_OF_EACH,
            advance=advance,
        )
        made = WorldSeeded(agency_id=agency_id, **order._asdict())
        world.tell([Fact(event=made, at=until, user_id=None)])
        fill(world)


def _refuse_namesake(agency: cast.Agency) -> None:
    """Raise Conflict where there is an agency of this name, and not its owner in the demo world in it."""
    agency_id = _BY_SLUG.first(slug=agency.slug)
    if agency_id is None:
        return
    owner_id = auth.find(next(agency.email(each) for each in agency.people if each.mailbox == "owner"))
    with acting_as(system(agency_id)):
        if owner_id is None or not members.is_member(owner_id):
            raise Conflict(f"There is an agency {agency.slug} already, and it is not made up")


def _shares(leads: int) -> list[int]:
    shares = [round(leads * each.share) for each in cast.AGENCIES]
    return [leads - sum(shares[1:]), *shares[1:]]


def _known(agency: cast.Agency) -> Order | None:
    """What an agency was seeded with; None where it is not there, or not filled yet."""
    agency_id: UUID | None = _BY_SLUG.first(slug=agency.slug)
    if agency_id is None:
        return None
    with acting_as(system(agency_id)):
        told = select(EventEntry.payload).where(EventEntry.name == WorldSeeded.name).limit(1)
        payload: dict[str, Any] | None = db.session.scalar(told)
    if payload is None:
        return None
    until = date.fromisoformat(payload["until"])
    return Order(payload["seed"], payload["leads"], payload["months"], until)
