"""Rebuilding what a follower keeps: a new build reads from the first event, while readers go on with the old one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Flask

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import Conflict, NotFound
from core.events import checkpoints, following
from core.events.checkpoints import Lag


class NotRebuildable(Conflict):
    """The follower keeps nothing that could be made again."""

    code = "not_rebuildable"
    title = "This follower keeps nothing that could be rebuilt"


def start(app: Flask, name: str, *, agency_id: UUID | None = None) -> list[UUID]:
    """Begin a build in one agency or all; one that is under way goes on. Raises NotFound, NotRebuildable."""
    followed = following.registered(app).get(name)
    if followed is None:
        raise NotFound(f"There is no follower {name}")
    if followed.follower.forget is None:
        raise NotRebuildable(f"{name} keeps nothing that could be rebuilt")
    with app.app_context():
        places = [place for place in checkpoints.every([name]) if agency_id in (None, place.agency_id)]
        agencies = list(dict.fromkeys(place.agency_id for place in places))
        for each in agencies:
            with unit_of_work(), acting_as(system(each)):
                _begin(name)
    return agencies


def under_way(app: Flask, name: str, agencies: Sequence[UUID]) -> list[Lag]:
    """The builds that are not finished, and the old ones that are not cleared away."""
    with app.app_context():
        return [place for place in checkpoints.every([name]) if place.agency_id in agencies and place.live is False]


def _begin(name: str) -> None:
    builds = checkpoints.builds(name)
    live = next((each.build for each in builds if each.live), 0)
    newest = builds[-1].build if builds else 0
    if newest <= live:
        checkpoints.create(name, build=newest + 1, live=not builds, seq=0)
