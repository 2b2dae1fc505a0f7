"""Founding a made-up agency: by the services that found real ones, at instants of the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from core import past
from core.actor import system
from core.agencies import service as agencies
from core.agencies.models import Brand
from core.agencies.schemas import AgencyPatch, BrandDraft
from core.auth import api as auth
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.demo import cast
from core.demo.world import Staff
from core.extensions import db
from core.users import service as users
from core.users import teams
from core.users.models import Team
from core.users.schemas import TeamDraft

T = TypeVar("T")
BEFORE = timedelta(days=30)
"""How long an agency has been there when its first enquiry comes in."""


class Founding:
    """One agency of the cast, whose rows are the same for the same seed."""

    def __init__(self, agency: cast.Agency, *, since: datetime, stream: Callable[[str], Random]) -> None:
        self._agency = agency
        self._at = since - BEFORE
        self._stream = stream

    def people(self, password: str) -> dict[str, UUID]:
        """Make who works there, by mailbox, each with this password; whoever is there already gets it, too.

        They are committed at once, and can do nothing yet. Raises Invalid for a password that is too weak.
        """
        return {each.mailbox: self._person(each, password) for each in self._agency.people}

    def agency(self, user_ids: dict[str, UUID]) -> UUID:
        """Make the agency with its brands, teams and members, in a unit of work of its own. Raises SlugTaken."""
        mine = self._agency
        with unit_of_work():
            with self._next("agency"):
                words = {"currency": mine.currency, "zone": mine.zone, "language": mine.language}
                agency_id = agencies.found(slug=mine.slug, name=mine.name, **words)
            with acting_as(system(agency_id)) as actor:
                with self._next("country"):
                    agencies.change(AgencyPatch(country=mine.country), version=None)
                for brand in mine.brands:
                    with self._next(f"brand:{brand.code}"):
                        agencies.create_brand(BrandDraft(code=brand.code, name=brand.name, language=brand.language))
                for team in mine.teams:
                    with self._next(f"team:{team.name}"):
                        teams.create(TeamDraft(name=team.name))
                team_ids = _team_ids()
                for person in mine.people:
                    theirs = [team_ids[person.team]] if person.team else []
                    with self._next(f"member:{person.mailbox}"):
                        users.join(user_ids[person.mailbox], [person.role], theirs, giver=actor)
        return agency_id

    def staff(self, user_ids: dict[str, UUID]) -> tuple[Staff, ...]:
        """Who works in the acting agency, and where."""
        team_ids = _team_ids()
        brand_ids = {row.code: row.id for row in db.session.execute(select(Brand.code, Brand.id))}
        theirs = {team.name: (team_ids[team.name], brand_ids[team.brand], team.sells) for team in self._agency.teams}
        return tuple(
            Staff(user_ids[each.mailbox], each.name, each.role, *theirs.get(each.team or "", (None, None, "")))
            for each in self._agency.people
        )

    def _person(self, person: cast.Person, password: str) -> UUID:
        email = self._agency.email(person)
        known = auth.find(email)
        if known is not None:
            auth.set_password(known, password)
            return known
        with self._next(f"person:{person.mailbox}"):
            words = {"language": self._agency.language, "zone": self._agency.zone}
            return auth.create(email=email, name=person.name, password=password, **words)

    @contextmanager
    def _next(self, what: str) -> Iterator[None]:
        """A moment later than the one before, with ids of its own."""
        self._at += timedelta(minutes=7)
        with past.at(self._at, self._stream(what)):
            yield


def _team_ids() -> dict[str, UUID]:
    return {row.name: row.id for row in db.session.execute(select(Team.name, Team.id))}
