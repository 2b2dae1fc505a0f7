"""Connecting a socket: to the default namespace and to those of plugins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from core.actor import Actor, current_actor
from core.auth.sessions import standing
from core.db.tenancy import current_agency_id
from core.http.application import Application
from core.plugins import agencies
from core.plugins.manager import installed
from core.realtime import rooms
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from gateway.gateway import Gateway
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]


def rooms_of(app: Application, client: Inside, namespace: str = "/") -> set[str]:
    manager = app.extensions["socketio"].server.manager
    return set(manager.get_rooms(manager.sid_from_eio_sid(client.sid, namespace), namespace))


class TestDefaultNamespace:
    def test_an_access_token_lets_a_member_in_to_their_rooms(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent", team="Africa")
        client = inside()
        assert isinstance(client.connect(token=member.token), str)
        joined = rooms_of(app, client)
        assert {f"a:{agency.id}", f"a:{agency.id}:user:{member.user_id}"} <= joined
        assert any(room.startswith(f"a:{agency.id}:team:") for room in joined)

    @pytest.mark.parametrize(
        ("auth", "code"),
        [
            ({}, "token_missing"),
            ([], "token_missing"),
            ("a string", "token_missing"),
            ({"token": 5}, "token_missing"),
            ({"token": None}, "token_missing"),
            ({"token": "nonsense"}, "invalid_token"),
            ({"token": "x" * 9_000}, "invalid_token"),
        ],
    )
    def test_without_a_valid_token_nobody_gets_in_and_learns_why(
        self, inside: Connect, auth: object, code: str
    ) -> None:
        refusal = inside().connect(auth=auth)
        assert refusal["code"] == code
        assert refusal["message"]

    def test_a_token_in_the_address_is_refused(self, inside: Connect, api: ApiClient) -> None:
        assert inside(f"token={api.token}").connect(token=api.token)["code"] == "token_in_address"
        assert inside("token=").connect(token=api.token)["code"] == "token_in_address"

    def test_after_signing_out_the_token_opens_nothing(self, inside: Connect, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        ok(member.post("/auth/logout"), 204)
        assert inside().connect(token=member.token)["code"] == "invalid_token"

    def test_while_the_database_is_away_the_client_is_left_to_try_again(
        self, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        client = inside()
        with (
            patch.object(standing, "of", side_effect=OSError("no database")),
            pytest.raises(AssertionError, match="No answer"),
        ):
            client.connect(token=agency.newcomer("agent").token)
        assert client.farewell is not None

    def test_who_was_refused_is_not_remembered(self, gateway: Gateway, inside: Connect) -> None:
        before = len(gateway.sessions)
        inside().connect(token="nonsense")
        assert len(gateway.sessions) == before

    def test_whoever_leaves_is_forgotten_with_the_last_namespace(
        self, gateway: Gateway, inside: Connect, api: ApiClient
    ) -> None:
        client = inside()
        client.connect(token=api.token)
        client.connect("/leads", token=api.token)
        client.disconnect()
        assert gateway.sessions.get(client.sid) is not None
        client.disconnect("/leads")
        assert gateway.sessions.get(client.sid) is None

    def test_reserved_words_sent_as_events_are_events_nobody_takes(self, inside: Connect, api: ApiClient) -> None:
        client = inside()
        client.connect(token=api.token)
        for word in ("connect", "disconnect", "connect_error", "*", "message"):
            assert client.refused(word, {"token": api.token}) == "unknown_event"
        assert client.ok("stream.follow", {"topic": "notifications"})


class TestPluginNamespaces:
    def test_a_member_who_may_use_the_plugin_gets_in_to_the_same_rooms(
        self, app: Application, inside: Connect, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent", team="Africa")
        client = inside()
        assert isinstance(client.connect("/leads", token=member.token), str)
        assert f"a:{agency.id}:user:{member.user_id}" in rooms_of(app, client, "/leads")

    def test_each_takes_the_token_anew(self, inside: Connect, agency: AgencyUnderTest) -> None:
        client = inside()
        client.connect(token=agency.member("agent").token)
        assert client.connect("/leads", auth={})["code"] == "token_missing"

    @pytest.mark.parametrize("namespace", ["/nonsense", "/contacts", "/leads/", "/Leads", "/admin"])
    def test_one_that_no_plugin_has_is_refused(self, inside: Connect, api: ApiClient, namespace: str) -> None:
        assert inside().connect(namespace, token=api.token)["code"] == "unknown_namespace"

    def test_one_that_is_switched_off_is_refused(self, inside: Connect, agency: AgencyUnderTest) -> None:
        with patch.object(agencies, "switched_off", return_value=frozenset({"leads"})):
            assert inside().connect("/leads", token=agency.member("agent").token)["code"] == "plugin_off"

    def test_who_holds_no_permission_of_it_is_refused(self, inside: Connect, agency: AgencyUnderTest) -> None:
        guide = agency.member(bare_role(agency))
        assert inside().connect("/leads", token=guide.token)["code"] == "forbidden"

    def test_all_of_a_connection_belong_to_one_person_in_one_agency(
        self, inside: Connect, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        client = inside()
        client.connect(token=agency.member("agent").token)
        for other in (agency.member("owner"), other_agency.member("agent")):
            assert client.connect("/leads", token=other.token)["code"] == "another_person"
        assert isinstance(client.connect("/leads", token=agency.member("agent").token), str)


class TestRoomsThatPluginsName:
    @pytest.fixture
    def named(self, app: Application) -> Iterator[list[str]]:
        """What a plugin's hook answers while the test runs."""
        names: list[str] = []
        asked: list[Actor] = []

        class Namer:
            @staticmethod
            def socket_rooms(actor: Actor) -> list[str]:
                assert current_actor() == actor
                assert current_agency_id() == actor.agency_id
                asked.append(actor)
                return names

        from core.plugins.hookspecs import hookimpl

        Namer.socket_rooms = staticmethod(hookimpl(Namer.socket_rooms))  # type: ignore[method-assign] # a hook made on the spot
        with app.app_context():
            relay = installed().relay
        relay.register(Namer, "namer")
        yield names
        relay.unregister(name="namer")
        assert asked

    def test_are_joined_and_carry_the_agency_whatever_their_name(
        self,
        app: Application,
        inside: Connect,
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
        named: list[str],
    ) -> None:
        named += ["vip", rooms.agency(other_agency.id), rooms.user(agency.id, agency.id)]
        client = inside()
        client.connect(token=agency.member("agent").token)
        joined = rooms_of(app, client)
        assert rooms.named(agency.id, "vip") in joined
        assert rooms.agency(other_agency.id) not in joined
        assert rooms.user(agency.id, agency.id) not in joined

    def test_every_room_carries_the_agency(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        mine = rooms.of(Actor(kind="user", agency_id=agency.id, user_id=agency.id))
        theirs = rooms.of(Actor(kind="user", agency_id=other_agency.id, user_id=agency.id))
        assert not set(mine) & set(theirs)


def bare_role(agency: AgencyUnderTest) -> str:
    """A role that grants nothing."""
    made = ok(agency.member("owner").post("/roles", {"code": "guide", "name": "Guide", "permissions": {}}))
    code: str = made["code"]
    return code
