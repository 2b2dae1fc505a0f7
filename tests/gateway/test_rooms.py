"""Rooms joined by id: authorised through the plugin, asked again when rights change."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch
from uuid import UUID

import pytest

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import NotFound
from core.http.application import Application
from core.plugins import agencies
from core.realtime.emit import emit
from core.realtime.protocol import MAX_ROOMS
from core.realtime.rooms import entity
from core.testing.clients import ApiClient, ok, switch_off
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from gateway.gateway import Gateway
from gateway.sessions import Session
from plugins.leads.repository import leads
from plugins.leads.schemas import Typing
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]
LEADS = "/leads"


def make_lead(api: ApiClient) -> dict[str, str]:
    """The room of a new lead."""
    return {"kind": "lead", "id": ok(api.post("/leads", {"contact": {"name": "Ana"}}))["id"]}


@pytest.fixture
def dial(inside: Connect) -> Connect:
    """Connects somebody to the namespace of leads."""

    def make(person: ApiClient) -> Inside:
        client = inside()
        client.connect(LEADS, token=person.token)
        return client

    return make


class TestJoin:
    def test_answers_who_is_there(self, dial: Connect, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        room = make_lead(agent)
        assert dial(agent).ok("room.join", room, namespace=LEADS) == {
            **room, "members": [str(agent.user_id)], "count": 1,
        }  # fmt: skip

    def test_of_a_foreign_lead_is_refused(
        self, dial: Connect, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        room = make_lead(agency.member("agent"))
        client = dial(other_agency.member("owner"))
        assert client.refused("room.join", room, namespace=LEADS) == "room_refused"

    def test_of_a_lead_out_of_reach_is_refused_like_one_that_does_not_exist(
        self, dial: Connect, agency: AgencyUnderTest
    ) -> None:
        room = make_lead(agency.newcomer("agent"))
        client = dial(agency.newcomer("agent"))
        refusal = client.call("room.join", room, namespace=LEADS)
        assert refusal["code"] == "room_refused"
        assert client.call("room.join", {"kind": "lead", "id": str(ids.new())}, namespace=LEADS) == refusal

    @pytest.mark.parametrize("kind", ["user", "team", "stream", "agency", "itinerary", "", "lead:x"])
    def test_of_a_kind_the_plugin_does_not_declare_is_refused(
        self, dial: Connect, agency: AgencyUnderTest, kind: str
    ) -> None:
        agent = agency.member("agent")
        room = {"kind": kind, "id": str(agent.user_id)}
        assert dial(agent).refused("room.join", room, namespace=LEADS) == "room_refused"

    def test_of_a_plugin_that_is_switched_off_is_refused(self, dial: Connect, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        room = make_lead(agent)
        client = dial(agent)
        with patch.object(agencies, "switched_off", return_value=frozenset({"leads"})):
            assert client.refused("room.join", room, namespace=LEADS) == "plugin_off"

    def test_asks_as_the_person_with_the_scope_of_the_permission(self, dial: Connect, agency: AgencyUnderTest) -> None:
        room = make_lead(agency.newcomer("agent", team="Asia"))
        colleague = agency.newcomer("agent", team="Asia")
        assert dial(colleague).ok("room.join", room, namespace=LEADS)

    def test_of_more_rooms_than_a_connection_may_have_is_refused(
        self, dial: Connect, agency: AgencyUnderTest, gateway: Gateway
    ) -> None:
        agent = agency.member("agent")
        first, last = make_lead(agent), make_lead(agent)
        client = dial(agent)
        client.ok("room.join", first, namespace=LEADS)
        session = gateway.sessions.get(client.sid)
        assert session is not None
        filler = next(iter(session.places))
        session.places.update({filler._replace(id=ids.new()): None for _ in range(MAX_ROOMS - 1)})
        assert client.refused("room.join", last, namespace=LEADS) == "too_many_rooms"
        assert client.ok("room.join", first, namespace=LEADS)

    def test_of_as_many_as_it_may_have_at_once_is_what_a_returning_client_does(
        self, dial: Connect, agency: AgencyUnderTest
    ) -> None:
        client = dial(agency.member("agent"))
        with patch.object(leads, "require"):
            for _ in range(MAX_ROOMS):
                client.ok("room.join", {"kind": "lead", "id": str(ids.new())}, namespace=LEADS)

    def test_while_rights_change_is_decided_by_the_new_ones(
        self, dial: Connect, agency: AgencyUnderTest, gateway: Gateway
    ) -> None:
        agent = agency.member("agent")
        room = make_lead(agent)
        client = dial(agent)
        session = gateway.sessions.get(client.sid)
        assert session is not None
        answers = [_overtaking(session), _refuse]
        with patch.object(leads, "require", side_effect=lambda _lead_id: answers.pop(0)()):
            assert client.refused("room.join", room, namespace=LEADS) == "room_refused"
        assert not session.places


class TestLeave:
    def test_ends_what_comes_from_the_room(self, app: Application, dial: Connect, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        room = make_lead(agent)
        client = dial(agent)
        client.ok("room.join", room, namespace=LEADS)
        _type(app, agency, room)
        client.expect("typing", namespace=LEADS)
        client.ok("room.leave", room, namespace=LEADS)
        client.ok("room.leave", room, namespace=LEADS)
        _type(app, agency, room)
        client.quiet("typing", namespace=LEADS)


class TestEventsWithoutAnswer:
    def test_are_told_when_they_are_refused(self, dial: Connect, agency: AgencyUnderTest) -> None:
        client = dial(agency.member("agent"))
        client.tell("typing", {"lead_id": 5}, namespace=LEADS)
        told = client.expect("event.refused", namespace=LEADS)
        assert (told["event"], told["code"], told["errors"][0]["pointer"]) == ("typing", "invalid", "/lead_id")
        client.tell("x" * 500, namespace=LEADS)
        told = client.expect("event.refused", namespace=LEADS)
        assert (told["event"], told["code"]) == ("x" * 100, "unknown_event")

    def test_hear_nothing_when_they_are_done(self, dial: Connect, agency: AgencyUnderTest) -> None:
        agent = agency.member("agent")
        client = dial(agent)
        client.tell("typing", {"lead_id": make_lead(agent)["id"]}, namespace=LEADS)
        client.quiet("event.refused", namespace=LEADS)


class TestTyping:
    def test_is_seen_by_whoever_has_the_lead_open(self, dial: Connect, agency: AgencyUnderTest) -> None:
        agent, manager = agency.member("agent"), agency.member("manager")
        room = make_lead(agent)
        client, watching, elsewhere = dial(agent), dial(manager), dial(manager)
        watching.ok("room.join", room, namespace=LEADS)
        assert client.ok("typing", {"lead_id": room["id"]}, namespace=LEADS) is None
        assert watching.expect("typing", namespace=LEADS) == {"lead_id": room["id"], "user_id": str(agent.user_id)}
        elsewhere.quiet("typing", namespace=LEADS)

    def test_about_a_lead_out_of_reach_is_refused(
        self, dial: Connect, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        room = make_lead(agency.newcomer("agent"))
        for person in (agency.newcomer("agent"), other_agency.member("owner")):
            assert dial(person).refused("typing", {"lead_id": room["id"]}, namespace=LEADS) == "not_found"

    def test_takes_the_permission_to_write(self, dial: Connect, agency: AgencyUnderTest) -> None:
        room = make_lead(agency.member("agent"))
        client = dial(agency.member("read_only"))
        assert client.ok("room.join", room, namespace=LEADS)
        assert client.refused("typing", {"lead_id": room["id"]}, namespace=LEADS) == "forbidden"


class TestChangedRights:
    def test_who_loses_the_lead_leaves_its_room_and_is_told(
        self, app: Application, dial: Connect, agency: AgencyUnderTest
    ) -> None:
        agent = agency.newcomer("agent", team="Asia")
        room = make_lead(agency.newcomer("agent", team="Asia"))
        client = dial(agent)
        client.ok("room.join", room, namespace=LEADS)
        _change(agency, agent, teams=[])
        left = client.expect("room.left", namespace=LEADS, seconds=2)
        assert left == {**room, "code": "room_refused"}
        _type(app, agency, room)
        client.quiet("typing", namespace=LEADS)

    def test_who_may_not_use_the_plugin_any_more_leaves_its_namespace(
        self, dial: Connect, agency: AgencyUnderTest
    ) -> None:
        agent = agency.newcomer("agent")
        room = make_lead(agent)
        client = dial(agent)
        client.connect(token=agent.token)
        client.ok("room.join", room, namespace=LEADS)
        ok(agency.member("owner").post("/roles", {"code": "guide", "name": "Guide", "permissions": {}}))
        _change(agency, agent, roles=["guide"])
        assert client.expect("room.left", namespace=LEADS, seconds=2)["code"] == "forbidden"
        client.expect("disconnected", namespace=LEADS, seconds=2)
        assert client.ok("stream.follow", {"topic": "notifications"})
        assert client.connect(LEADS, token=agent.token)["code"] == "forbidden"

    def test_a_plugin_that_is_switched_off_takes_its_namespace_along(
        self, dial: Connect, agency: AgencyUnderTest
    ) -> None:
        agent = agency.member("agent")
        client = dial(agent)
        switch_off(agency.member("owner"), "leads")
        client.expect("disconnected", namespace=LEADS, seconds=2)

    def test_server_chosen_rooms_follow_the_teams(
        self, app: Application, dial: Connect, agency: AgencyUnderTest, gateway: Gateway
    ) -> None:
        agent = agency.newcomer("agent")
        client = dial(agent)
        session = gateway.sessions.get(client.sid)
        assert session is not None
        assert not any(":team:" in room for room in session.own_rooms[LEADS])
        team = ok(agency.member("owner").post("/users/teams", {"name": "Asia"}))["id"]
        _change(agency, agent, teams=[team])
        wait_for(lambda: any(":team:" in room for room in session.own_rooms[LEADS]), 2, what="The team's room")


def _overtaking(session: Session) -> Callable[[], None]:
    """A yes of the repository, while the rights of a session change."""

    def answer() -> None:
        session.epoch += 1

    return answer


def _refuse() -> None:
    raise NotFound


def _change(agency: AgencyUnderTest, member: ApiClient, **changes: object) -> None:
    """The owner changes a member's roles or teams."""
    ok(agency.member("owner").patch(f"/users/{member.user_id}", changes, version="*"))


def _type(app: Application, agency: AgencyUnderTest, room: dict[str, str]) -> None:
    lead_id = UUID(room["id"])
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        emit("leads.typing", Typing(lead_id, ids.new()), room=entity(agency.id, "lead", lead_id))
