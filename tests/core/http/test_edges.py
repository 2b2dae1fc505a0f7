"""Origins, hosts, proxies, request ids and security headers."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from flask import Response, after_this_request, request
from flask.testing import FlaskClient

from core.http.application import Application
from core.http.contract import Rule, declare
from core.networks import network_of

URL = "/api/v1/enquiries"
Make = Callable[..., Application]
ORIGIN = "https://desk.example.com"


class TestOrigins:
    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "null",
            "http://desk.example.com",
            "https://desk.example.com.evil.example",
            "https://evil-desk.example.com",
            "https://desk.example.com:8443",
            "https://DESK.example.com/",
        ],
    )
    def test_that_are_not_listed_may_not_read(self, make_app: Make, origin: str) -> None:
        client = make_app(cors_origin=ORIGIN).test_client()
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for response in (client.get(URL, headers={"Origin": origin}), client.options(URL, headers=asked)):
            assert [name for name in response.headers.keys() if name.startswith("Access-Control")] == []  # noqa: SIM118

    def test_that_are_listed_may_read_but_never_with_credentials(self, make_app: Make) -> None:
        response = make_app(cors_origin=ORIGIN).test_client().get(URL, headers={"Origin": ORIGIN})
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "ETag" in response.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Origin" in response.headers["Vary"]

    def test_get_the_same_preflight_for_everything(self, make_app: Make) -> None:
        client = make_app(cors_origin=ORIGIN).test_client()
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
        real, none = client.options(URL, headers=asked), client.options("/nowhere", headers=asked)
        assert (real.status_code, none.status_code) == (204, 204)
        assert "If-Match" in real.headers["Access-Control-Allow-Headers"]

    def test_may_be_any_while_developing(self, make_app: Make) -> None:
        client = make_app(cors_origin="*").test_client()
        assert client.get(URL, headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in client.get(URL, headers={"Origin": "null"}).headers

    def test_are_nobody_by_default(self, client: FlaskClient) -> None:
        assert "Access-Control-Allow-Origin" not in client.get(URL, headers={"Origin": ORIGIN}).headers


class TestHosts:
    def test_outside_the_list_are_refused_everywhere_but_health(self, make_app: Make) -> None:
        client = make_app(trusted_hosts="api.example.com,.example.org").test_client()
        answers = {
            host: client.get(URL, headers={"Host": host}).status_code
            for host in (
                "api.example.com",
                "API.example.com:443",
                "eu.example.org",
                "evil.example",
                "api.example.com.x",
            )
        }
        assert list(answers.values()) == [200, 200, 200, 400, 400]
        assert client.get("/nowhere", headers={"Host": "evil"}).get_json()["code"] == "unknown_host"
        assert client.get("/health/live", headers={"Host": "10.0.0.7:3000"}).status_code == 200

    def test_that_are_no_host_names_are_refused_always(self, client: FlaskClient) -> None:
        assert client.get(URL, headers={"Host": "a b"}).status_code == 400


class TestProxies:
    @pytest.mark.parametrize(
        ("peer", "forwarded", "client_address"),
        [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            ("::ffff:10.1.2.3", "2001:db8::1", "2001:db8::1"),
            ("10.1.2.3", "nonsense", "10.1.2.3"),
            ("10.1.2.3", "", "10.1.2.3"),
        ],
    )
    def test_are_believed_only_when_configured(
        self, make_app: Make, peer: str, forwarded: str, client_address: str
    ) -> None:
        app = make_app(trusted_proxies="10.0.0.0/8")
        _add(app, lambda: f"{request.remote_addr} {request.scheme}")
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
        response = app.test_client().get("/seen", headers=headers, environ_base={"REMOTE_ADDR": peer})
        scheme = "http" if peer.startswith("203") else "https"
        assert response.get_data(as_text=True) == f"{client_address} {scheme}"

    def test_make_one_subscriber_of_a_64_bit_network(self) -> None:
        assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
        assert network_of("::ffff:192.0.2.1") == "192.0.2.1"


class TestHeaders:
    @pytest.mark.parametrize("path", [URL, "/nowhere", "/health/live", "/openapi.json"])
    def test_protect_every_answer(self, client: FlaskClient, path: str) -> None:
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" not in headers
        assert headers["Cache-Control"]

    def test_insist_on_tls_where_there_is_tls(self, client: FlaskClient) -> None:
        assert "max-age" in client.get(URL, base_url="https://localhost").headers["Strict-Transport-Security"]

    def test_carry_the_request_id_when_it_is_sane(self, client: FlaskClient) -> None:
        def sent(value: str) -> str:
            return client.get(URL, headers={"X-Request-ID": value}).headers["X-Request-ID"]

        assert sent("order-2027.05_A") == "order-2027.05_A"
        assert sent("short") != "short"
        assert sent("x" * 65) != "x" * 65
        assert sent("a b c d e f g") != "a b c d e f g"

    def test_of_options_leak_nothing(self, client: FlaskClient) -> None:
        response = client.options(URL)
        assert (response.status_code, response.data) == (200, b"")


class Secret:
    """What only one answer is to carry."""


class TestWhatRunsAfterOneRequest:
    def test_is_forgotten_with_it(self, make_app: Make) -> None:
        app, made = make_app(), weakref.WeakSet[Secret]()

        def seen() -> str:
            secret = Secret()
            made.add(secret)

            def carry(response: Response) -> Response:
                response.headers["X-Carried"] = type(secret).__name__
                return response

            after_this_request(carry)
            return ""

        _add(app, seen)
        carried = [app.test_client().get("/seen").headers["X-Carried"] for _ in range(5)]
        gc.collect()
        assert (carried, len(made)) == (["Secret"] * 5, 0)


def _add(app: Application, view: Any) -> None:
    declare(view, Rule(public=True, internal=True))
    app.add_url_rule("/seen", "seen", view)
