"""Who the caller is: forwarded headers count only where a proxy of ours set them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from core.app import create_app
from core.config import ConfigurationError, Settings, load
from core.db.session import dispose
from core.http.application import Application
from core.http.proxies import TrustedProxies
from core.networks import address, covers, network
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48", "192.0.2.1")


@Request.application
def _tell(request: Request) -> Response:
    return Response(f"{request.remote_addr} {request.scheme} {request.host} {sorted(_forwarded(request.environ))}")


def _forwarded(environ: dict[str, Any]) -> set[str]:
    return {name for name in environ if "FORWARDED" in name or name == "HTTP_X_REAL_IP"}


def seen(peer: str, forwarded: str | None = None, **headers: str) -> list[str]:
    """Address, scheme, host and what is left of the headers, as the application sees them."""
    given = [("X-Forwarded-For", forwarded)] if forwarded is not None else []
    given += [(name.replace("_", "-"), value) for name, value in headers.items()]
    builder = EnvironBuilder(headers=given, environ_base={"REMOTE_ADDR": peer})
    text = Client(TrustedProxies(_tell, PROXIES)).open(builder).get_data(as_text=True)
    return text.split(" ", 3)


@pytest.fixture(scope="module")
def proxied(settings: Settings) -> Iterator[Application]:
    made = create_app(settings.model_copy(update={"trusted_proxies": ("10.0.0.0/8",)}))
    yield made
    with made.app_context():
        dispose()


class TestADirectHit:
    @pytest.mark.parametrize("peer", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::9", "192.0.2.2", "127.0.0.1"])
    def test_cannot_say_it_is_somebody_else(self, peer: str) -> None:
        plain = str(address(peer))
        for forwarded in ("198.51.100.1", "127.0.0.1", "10.0.0.1", "10.0.0.1, 198.51.100.1"):
            found, scheme, host, left = seen(
                peer, forwarded, X_Forwarded_Proto="https", X_Forwarded_Host="evil.example", X_Real_IP="127.0.0.1",
                Forwarded="for=127.0.0.1",
            )  # fmt: skip
            assert (found, scheme, host) == (plain, "http", "localhost")
            assert left == "[]"


class TestBehindProxies:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "client"),
        [
            # One hop.
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("192.0.2.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("2001:db8:ffff::1", "2001:db8::7", "2001:db8::7"),
            # Two: the outer one is ours too.
            ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 2001:db8:ffff::2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1,10.0.0.3 , 10.0.0.2", "198.51.100.1"),
            # What the caller wrote in front of it is hearsay, also where it names our own machines.
            ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "10.9.9.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "127.0.0.1, 203.0.113.5, 198.51.100.1", "198.51.100.1"),
            # Spellings.
            ("10.0.0.1", "198.51.100.1:5678", "198.51.100.1"),
            ("10.0.0.1", "[2001:db8::7]:5678", "2001:db8::7"),
            ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
            # Whoever is inside the networks of the proxies.
            ("10.0.0.1", "10.5.5.5", "10.5.5.5"),
            # Nothing that can be read: the proxy itself it is.
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "unknown", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1, 10.0.0.2.3", "10.0.0.1"),
        ],
    )
    def test_the_caller_is_the_nearest_machine_that_is_not_ours(self, peer: str, forwarded: str, client: str) -> None:
        assert seen(peer, forwarded)[0] == client

    def test_the_nearest_proxy_says_scheme_and_host(self) -> None:
        found = seen("10.0.0.1", "198.51.100.1", X_Forwarded_Proto="http, https", X_Forwarded_Host="a, trips.example")
        assert found == ["198.51.100.1", "https", "trips.example", "[]"]
        assert seen("10.0.0.1", "198.51.100.1", X_Forwarded_Proto="javascript")[1] == "http"

    def test_going_through_twice_changes_nothing(self) -> None:
        """The gateway's process has it around Socket.IO and around the API."""
        builder = EnvironBuilder(headers=[("X-Forwarded-For", "10.5.5.5, 198.51.100.1")])
        builder.environ_base = {"REMOTE_ADDR": "10.0.0.1"}
        twice = TrustedProxies(TrustedProxies(_tell, PROXIES), PROXIES)
        assert Client(twice).open(builder).get_data(as_text=True).startswith("198.51.100.1 ")


class TestNetworks:
    def test_hold_addresses_however_they_are_written(self) -> None:
        assert covers(("10.0.0.0/8",), "::ffff:10.1.2.3")
        assert covers(("::ffff:10.0.0.0/104",), "10.1.2.3")
        assert covers(("2001:db8::/32",), "2001:DB8:0::1")
        assert not covers(("10.0.0.0/8",), "11.0.0.1")
        assert not covers(("0.0.0.0/0",), "2001:db8::1")
        assert not covers(("0.0.0.0/0", "::/0"), "")
        assert not covers(("0.0.0.0/0", "::/0"), None)
        assert not covers((), "10.0.0.1")
        assert not covers(("0.0.0.0/0",), "10.1")

    def test_are_spelled_in_one_way(self) -> None:
        assert str(network("10.1.2.3/8")) == "10.0.0.0/8"
        assert str(network("::ffff:192.0.2.0/120")) == "192.0.2.0/24"
        assert str(network("2001:DB8::1")) == "2001:db8::1/128"

    def test_of_proxies_that_are_none_stop_the_start(self) -> None:
        with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
            load(_env_file=None, trusted_proxies="10.0.0.0/8 proxy")


class TestEverythingThatAsks:
    """The allow-list, the limits and the list of sign-ins go by one address."""

    def call(self, app: Application, agency: AgencyUnderTest, peer: str, forwarded: str) -> Any:
        there = ApiClient(app, agency.member("agent").token)
        headers = {"X-Forwarded-For": forwarded}
        return there.get("/leads", headers=headers, environ_base={"REMOTE_ADDR": peer})

    def test_allow_lists_do(self, proxied: Application, agency: AgencyUnderTest, api: ApiClient) -> None:
        networks = [{"network": "198.51.100.0/24"}, {"network": "127.0.0.1"}]
        ok(api.post("/allow-lists", {"networks": networks}), 201)
        ok(self.call(proxied, agency, "10.0.0.1", "198.51.100.7, 10.0.0.2"))
        for peer, forwarded in (("203.0.113.9", "198.51.100.7"), ("10.0.0.1", "198.51.100.7, 203.0.113.9")):
            assert problem(self.call(proxied, agency, peer, forwarded)) == (403, "address_not_allowed")

    def test_limits_do(self, settings: Settings) -> None:
        values = {
            "trusted_proxies": ("10.0.0.0/8",),
            "rate_limit_anonymous": "2/minute",
            "rate_limit_login": "2/minute",
        }
        app = create_app(settings.model_copy(update=values))
        body = {"email": "nobody@example.com", "password": "whatever it is"}

        def tries(peer: str, spoofed: list[str]) -> list[int]:
            return [
                ApiClient(app)
                .post("/auth/login", body, headers={"X-Forwarded-For": each}, environ_base={"REMOTE_ADDR": peer})
                .status_code
                for each in spoofed
            ]

        # A new invented address each time makes nobody a new caller.
        assert tries("203.0.113.9", ["1.1.1.1", "2.2.2.2", "3.3.3.3"])[-1] == 429
        assert tries("10.0.0.1", [f"{number}.1.1.1, 198.51.100.7" for number in range(3)])[-1] == 429
        assert tries("10.0.0.1", ["198.51.100.8"])[-1] != 429
        with app.app_context():
            dispose()
