"""What plugins bring to the demo world, strangers' as well as ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import select

from core import bulk, clock, ids
from core.actor import current_actor, system
from core.agencies.events import AgencyChanged
from core.db.tenancy import acting_as
from core.demo.world import World
from core.events.models import EventEntry
from core.extensions import db
from core.http.application import Application
from core.plugins import rules
from core.plugins.spec import Plugin
from core.sdk import demo
from core.users.first_start import agency_id_of
from core.users.models import Team
from plugins.contacts.models import Contact
from plugins.leads.models import Lead
from tests.core.demo.conftest import seeded

SLUG = "northlight-demo"


def fill(world: World, random: Random) -> None:
    """Bring a team, and say so in the middle of everything."""
    now = clock.now()
    assert current_actor().agency_id == world.agency_id
    rows = [{"id": ids.new(), "name": f"Visas {random.randrange(10**9)}", "created_at": now, "updated_at": now}]
    for some in world.portions(rows, count=1):
        bulk.insert(Team, some)
    event = AgencyChanged(agency_id=world.agency_id, fields=["name"])
    world.tell([demo.Fact(event=event, at=world.since + timedelta(days=200), user_id=None)])


def visas(**changes: Any) -> Plugin:
    return Plugin(name="visas", version="1.0.0", core=">=1.0,<2", summary="Visas.", **({"demo": fill} | changes))


def found(app: Application, statement: Any) -> list[Any]:
    with app.app_context(), acting_as(system(agency_id_of(SLUG))):
        return list(db.session.scalars(statement))


class TestAStrangersPlugin:
    def test_fills_the_world_too_and_changes_nobody_elses_rows(
        self, app: Application, told: str, fresh: Callable[..., Application]
    ) -> None:
        other = fresh()
        plugins = other.extensions["tripfile.plugins"]
        # Before ours: whatever it draws is its own.
        more = MappingProxyType({"visas": visas(), **plugins.plugins})
        other.extensions["tripfile.plugins"] = replace(plugins, plugins=more)
        result = seeded(other)
        assert result.exit_code == 0, result.output
        for rows in (select(Lead.id), select(Lead.reference), select(Contact.id), select(Contact.name)):
            assert sorted(found(other, rows)) == sorted(found(app, rows))
        events = select(EventEntry.id).where(EventEntry.subject.in_(("leads.lead", "contacts.contact")))
        assert sorted(found(other, events)) == sorted(found(app, events))
        assert len(found(other, select(Team.id))) == len(found(app, select(Team.id))) + 1

    def test_is_told_of_in_the_order_in_which_it_happened(self, fresh: Callable[..., Application], told: str) -> None:
        other = fresh()
        plugins = other.extensions["tripfile.plugins"]
        more = MappingProxyType({**plugins.plugins, "visas": visas()})
        other.extensions["tripfile.plugins"] = replace(plugins, plugins=more)
        assert seeded(other, leads=40).exit_code == 0
        times = found(other, select(EventEntry.occurred_at).order_by(EventEntry.seq))
        assert times == sorted(times)
        assert "agencies.agency_changed" in found(other, select(EventEntry.name).order_by(EventEntry.seq))[20:-5]

    def test_that_fails_leaves_nothing_of_the_agency_filled(self, fresh: Callable[..., Application]) -> None:
        def fails(world: World, random: Random) -> None:
            raise LookupError("No visas")

        other = fresh()
        plugins = other.extensions["tripfile.plugins"]
        more = MappingProxyType({**plugins.plugins, "visas": visas(demo=fails)})
        other.extensions["tripfile.plugins"] = replace(plugins, plugins=more)
        assert isinstance(seeded(other, leads=20).exception, LookupError)
        assert found(other, select(Lead.id)) == found(other, select(Contact.id)) == []


class TestTheRule:
    @pytest.mark.parametrize(("given", "wrong"), [(fill, 0), (None, 0), ("demo.fill", 1)])
    def test_a_contribution_is_a_function(self, given: Any, wrong: int) -> None:
        problems = rules.problems(visas(demo=given), name="visas", owner="visas")
        assert [problem for problem in problems if "`demo`" in problem] == [
            "visas: `demo` must be a function; write `demo=demo.fill`"
        ] * wrong
