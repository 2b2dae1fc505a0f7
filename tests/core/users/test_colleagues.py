"""Colleagues as others ask for them: the active members of one agency, with the rights they have in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import UUID

import pytest

from core.actor import Scope, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest
from core.users import colleagues, service

In = Callable[[AgencyUnderTest], AbstractContextManager[Any]]


@pytest.fixture
def inside(app: Application) -> In:
    """A unit of work as the system in an agency."""

    @contextmanager
    def work(agency: AgencyUnderTest) -> Any:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            yield

    return work


@pytest.fixture
def in_both(inside: In, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> UUID:
    """Somebody who is an agent here and a manager there."""
    person = other_agency.newcomer("manager").user_id
    assert person is not None
    with inside(agency):
        return service.join(person, ["agent"], [], giver=system(agency.id)).id


class TestActors:
    def test_have_the_rights_of_this_agency_alone(
        self, inside: In, in_both: UUID, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        with inside(agency):
            here = colleagues.actors([in_both])[in_both]
        with inside(other_agency):
            there = colleagues.actors([in_both])[in_both]
        assert (here.agency_id, here.scope_of("leads.write")) == (agency.id, Scope.TEAM)
        assert (there.agency_id, there.scope_of("leads.write")) == (other_agency.id, Scope.ALL)
        assert here.scope_of("leads.delete") is None

    def test_are_nobody_of_another_agency(
        self, inside: In, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        stranger = other_agency.member("owner").user_id
        assert stranger is not None
        with inside(agency):
            assert colleagues.actors([stranger]) == {}
            assert colleagues.zones([stranger]) == {}

    def test_are_nobody_who_is_suspended(self, inside: In, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("agent")
        assert person.user_id is not None
        ok(agency.member("owner").patch(f"/users/{person.user_id}", {"state": "suspended"}, version="*"))
        with inside(agency):
            assert colleagues.actors([person.user_id]) == {}


class TestHolders:
    def test_are_whoever_holds_a_permission_here(
        self, inside: In, in_both: UUID, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        with inside(agency):
            assert in_both not in colleagues.holders("leads.delete")
            assert in_both in colleagues.holders("leads.write")
        with inside(other_agency):
            assert in_both in colleagues.holders("leads.delete")


class TestTeams:
    def test_are_their_active_members(self, inside: In, agency: AgencyUnderTest) -> None:
        team = ok(agency.member("owner").post("/users/teams", {"name": "Colleagues"}), 201)["id"]
        with inside(agency):
            assert colleagues.of_team(UUID(team)) == []
        person = agency.newcomer("agent", team="Colleagues of a newcomer")
        assert person.user_id is not None
        with inside(agency):
            (own,) = colleagues.actors([person.user_id])[person.user_id].team_ids
            assert colleagues.of_team(own) == [person.user_id]
