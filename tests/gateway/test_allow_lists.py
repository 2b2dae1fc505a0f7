"""Where sockets may be opened from, with which credentials, and what becomes of open ones when that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import WebProcess, wait_for
from gateway.gateway import Gateway
from tests.gateway.rawclient import RawClient
from tests.gateway.talk import Inside

OFFICE, HOME = "192.0.2.10", "198.51.100.7"
LIST = {"networks": [{"network": "192.0.2.0/24"}, {"network": "127.0.0.1"}]}


@pytest.fixture
def come_from(app: Application, gateway: Gateway) -> Iterator[Callable[[str], Inside]]:
    """Makes connections from an address."""
    made: list[Inside] = []

    def make(address: str) -> Inside:
        made.append(Inside(app.extensions["socketio"].server, address=address))
        return made[-1]

    yield make
    for client in made:
        client.hang_up()


@pytest.fixture(scope="module")
def webs(make_web: Callable[..., WebProcess]) -> dict[str, WebProcess]:
    """A process that believes its machine's own proxy, and one that believes nobody."""
    return {believes: make_web(TRUSTED_PROXIES=believes) for believes in ("127.0.0.1", "")}


class TestTheHandshake:
    def test_is_refused_from_a_network_that_is_not_allowed(
        self, come_from: Callable[[str], Inside], agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        ok(api.post("/allow-lists", LIST), 201)
        token = agency.member("agent").token
        come_from(OFFICE).connect(token=token)
        for address in (HOME, ""):
            refused = come_from(address).connect(token=token)
            assert refused["code"] == "address_not_allowed"

    def test_is_refused_with_an_api_key(
        self, come_from: Callable[[str], Inside], api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        key = ok(api.post("/api-keys", {"name": "x", "scopes": {"leads.read": "all"}}), 201)["key"]
        assert come_from(OFFICE).connect(token=key)["code"] == "invalid_token"
        client = come_from(OFFICE)
        client.connect(token=agency.member("owner").token)
        assert client.refused("auth.refresh", {"token": key}) == "invalid_token"


class TestAnOpenSocket:
    def test_is_closed_when_its_network_is_allowed_no_more(
        self, come_from: Callable[[str], Inside], agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        inside, outside = come_from(OFFICE), come_from(HOME)
        for client in (inside, outside):
            client.connect(token=agency.member("agent").token)
        ok(api.post("/allow-lists", LIST), 201)
        wait_for(lambda: outside.farewell, 2, what="The end")
        assert inside.farewell is None
        outside.expect("session_revoked", seconds=1)


class TestBehindAProxy:
    @pytest.mark.parametrize(
        ("believes", "forwarded", "welcome"),
        [
            ("127.0.0.1", "198.51.100.7", True),
            ("127.0.0.1", "203.0.113.9", False),
            ("127.0.0.1", "198.51.100.7, 203.0.113.9", False),
            ("127.0.0.1", "203.0.113.9, 198.51.100.7", True),
            ("", "198.51.100.7", False),
        ],
    )
    def test_the_address_is_the_one_the_api_sees(
        self, webs: dict[str, WebProcess], agency: AgencyUnderTest, believes: str, forwarded: str, welcome: bool
    ) -> None:
        home = ok(agency.newcomer("owner").post("/roles", {"code": "home", "name": "Home", "permissions": {}}), 201)
        owner, member = agency.member("owner"), agency.newcomer(home["code"])
        ok(owner.post("/allow-lists", {"networks": [{"network": "198.51.100.0/24"}], "role": "home"}), 201)
        with closing(RawClient(webs[believes].port)) as client:
            assert client.handshake(X_Forwarded_For=forwarded).status == 101
            client.read()
            assert client.join(member.token).startswith(b"40{" if welcome else b"44{") is True
