"""Agencies and people for tests, made by the product's own services."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from core import ids
from core.actor import system
from core.agencies import service as agencies
from core.auth.models import AuthSession, Credential
from core.auth.tokens import access
from core.clock import now
from core.db.session import apart, unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.roles.repository import roles
from core.testing.clients import ApiClient
from core.users.models import Membership, Team, TeamMember, User
from core.users.repository import members

_numbers = itertools.count(1)
PASSWORD_HASH = "no password"  # noqa: S105 - nobody can sign in with it; tokens are issued directly


class AgencyUnderTest:
    """An agency with people in it."""

    def __init__(self, app: Flask, agency_id: UUID, slug: str) -> None:
        self.app = app
        self.id = agency_id
        self.slug = slug
        self._people: dict[tuple[str, str | None], ApiClient] = {}

    def member(self, role: str = "owner", *, team: str | None = None) -> ApiClient:
        """A signed-in member with a role, in a team; the same one for the same words."""
        key = (role, team)
        if key not in self._people:
            self._people[key] = self.newcomer(role, team=team)
        return self._people[key]

    def newcomer(self, role: str = "owner", *, team: str | None = None) -> ApiClient:
        """A new signed-in member with a role, in a team."""
        with self.app.app_context(), unit_of_work():
            user_id, session_id = self._sign_up()
            with acting_as(system(self.id)):
                members.add(Membership(user_id=user_id, state="active"))
                members.give_roles(user_id, [roles.by_codes([role])[role]])
                if team:
                    self._join(user_id, team)
            token = access.make(user_id=user_id, session_id=session_id, agency_id=self.id, extra={})
        client = ApiClient(self.app, token, agency_id=self.id)
        client.user_id = user_id
        return client

    def _sign_up(self) -> tuple[UUID, UUID]:
        number = next(_numbers)
        with apart() as session:
            person = User(email=f"{ids.new()}@example.com", name=f"Person {number}", language="en", zone="UTC")
            session.add(person)
            session.flush()
            session.add(Credential(user_id=person.id, password_hash=PASSWORD_HASH))
            sign_in = AuthSession(
                id=ids.new(), user_id=person.id, agency_id=self.id, counter=0, expires_at=now().replace(year=9000)
            )
            session.add(sign_in)
            return person.id, sign_in.id

    def _join(self, user_id: UUID, name: str) -> None:
        team = db.session.scalar(select(Team).where(Team.name == name)) or Team(name=name)
        db.session.add(team)
        db.session.flush()
        db.session.add(TeamMember(team_id=team.id, user_id=user_id))
        db.session.flush()


def agency_maker(app: Flask) -> Callable[..., AgencyUnderTest]:
    """A function that makes agencies."""

    def make(**changes: str) -> AgencyUnderTest:
        slug = f"agency-{next(_numbers)}-{ids.new().hex[-8:]}"
        wanted = {"slug": slug, "name": "Sunrise Travel", "currency": "EUR", "zone": "Europe/Lisbon", "language": "en"}
        with app.app_context(), unit_of_work():
            agency_id = agencies.found(**(wanted | changes))
        return AgencyUnderTest(app, agency_id, slug)

    return make
