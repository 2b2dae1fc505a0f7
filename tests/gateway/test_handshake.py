"""Connecting a socket."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask
from flask_socketio import SocketIO
from socketio import RedisManager

from core.actor import Actor, current_actor
from core.config import Settings
from core.db.tenancy import current_agency_id
from core.http.application import Application
from core.realtime import rooms
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from gateway import handshake, server


@pytest.fixture(scope="module")
def socketio(app: Application) -> SocketIO:
    return server.mount(app)


class TestConnect:
    def test_an_access_token_lets_a_member_in_to_their_rooms(
        self, app: Application, socketio: SocketIO, agency: AgencyUnderTest
    ) -> None:
        member = agency.member("agent", team="Africa")
        client = socketio.test_client(app, auth={"token": member.token})
        assert client.is_connected()
        joined = socketio.server.manager.get_rooms(client.eio_sid and _sid(socketio, client.eio_sid), "/")
        assert {f"a:{agency.id}", f"a:{agency.id}:user:{member.user_id}"} <= set(joined)
        assert any(room.startswith(f"a:{agency.id}:team:") for room in joined)

    @pytest.mark.parametrize("auth", [None, {}, {"token": "nonsense"}, {"token": 5}, "a string"])
    def test_without_a_valid_token_nobody_gets_in(self, app: Application, socketio: SocketIO, auth: object) -> None:
        assert not socketio.test_client(app, auth=auth).is_connected()

    def test_a_token_in_the_address_is_refused(self, app: Application, socketio: SocketIO, api: ApiClient) -> None:
        client = socketio.test_client(app, query_string=f"token={api.token}", auth={"token": api.token})
        assert not client.is_connected()

    def test_after_signing_out_the_token_opens_nothing(
        self, app: Application, socketio: SocketIO, agency: AgencyUnderTest
    ) -> None:
        member = agency.newcomer("agent")
        ok(member.post("/auth/logout"), 204)
        assert not socketio.test_client(app, auth={"token": member.token}).is_connected()

    def test_the_member_acts_while_plugins_name_more_rooms(
        self, app: Application, socketio: SocketIO, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[UUID | None] = []

        def socket_rooms(actor: Actor) -> list[list[str]]:
            asked.append(current_agency_id())
            assert current_actor() == actor
            return [["one-more"]]

        plugins = SimpleNamespace(hook=SimpleNamespace(socket_rooms=socket_rooms))
        monkeypatch.setattr(handshake, "installed", lambda: plugins)
        client = socketio.test_client(app, auth={"token": agency.member("agent").token})
        assert asked == [agency.id]
        assert "one-more" in socketio.server.manager.get_rooms(_sid(socketio, client.eio_sid), "/")


class TestRedis:
    @pytest.mark.parametrize("host", ["unix:///run/redis.sock", "cache.internal"])
    def test_carries_events_between_gateways(self, host: str) -> None:
        bare = Flask("bare")
        bare.extensions["tripfile.settings"] = Settings(_env_file=None, redis_host=host)  # type: ignore[call-arg]
        assert type(server.mount(bare).server.manager) is RedisManager


class TestRooms:
    def test_every_room_carries_the_agency(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        mine = rooms.of(Actor(kind="user", agency_id=agency.id, user_id=agency.id))
        theirs = rooms.of(Actor(kind="user", agency_id=other_agency.id, user_id=agency.id))
        assert not set(mine) & set(theirs)


def _sid(socketio: SocketIO, eio_sid: str) -> str:
    return str(socketio.server.manager.sid_from_eio_sid(eio_sid, "/"))
