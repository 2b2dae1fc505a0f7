"""What every answer carries, which origins and methods reach a route, and who may look inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.http.contract import rule_of
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract import files
from tests.contract.calls import Calls

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Vary": "Origin",
}
DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STATIC = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LINK = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
FILE = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, no-store",
    "Content-Disposition": 'attachment; filename="logo.png"',
}
# What a change of must be looked at by a person: besides these, only what tells about the request itself.
PASSING = {
    "Content-Type", "Content-Length", "X-Request-ID", "RateLimit", "RateLimit-Policy", "ETag", "Location", "Allow",
    "WWW-Authenticate", "Retry-After", "Accept-Ranges", "Date",
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(app: Application, house: AgencyUnderTest, owner: ApiClient) -> dict[str, TestResponse]:
    """One answer of every class of routes there is."""
    nobody = ApiClient(app)
    brand = ok(owner.post("/agencies/brands", {"code": "sunset", "name": "Sunset"}), 201)["id"]
    logo = files.picture("PNG")
    ok(owner.call("PUT", f"/agencies/brands/{brand}/logo?name=logo.png", data=logo, version="*"))
    link = ok(owner.get(f"/agencies/brands/{brand}/logo"))["url"]
    client = app.test_client()
    return {
        "read": owner.get(f"/agencies/brands/{brand}"),
        "list": owner.get("/agencies/brands"),
        "made": owner.post("/agencies/brands", {"code": "sunrise", "name": "Sunrise"}),
        "credentials": owner.post("/auth/socket-ticket"),
        "unauthorized": nobody.get("/auth/me"),
        "invalid": nobody.post("/auth/login", {}),
        "not found": owner.get(f"/leads/{uuid4()}"),
        "nowhere": client.get("/nowhere"),
        "method": client.delete("/health/live"),
        "health": client.get("/health/live"),
        "ready": client.get("/health/ready"),
        "metrics": client.get("/metrics"),
        "openapi": client.get("/openapi.json"),
        "about a problem": client.get("/problems/not_found"),
        "docs": client.get("/docs"),
        "docs of events": client.get("/docs/events"),
        "script": client.get("/docs/swagger-ui-bundle.js"),
        "page of a link": client.get("/app/invitation"),
        "script of a link": client.get("/app/link.js"),
        "file": client.get(link),
        "refused file": client.get(f"{link}x"),
    }


@pytest.fixture(scope="module")
def split(settings: Settings) -> Iterator[Application]:
    app = create_app(
        settings.model_copy(update={"files_origin": "https://files.example", "trusted_hosts": ("api.example",)})
    )
    yield app
    with app.app_context():
        dispose()


REFUSED = ("unauthorized", "invalid", "not found", "nowhere", "method", "refused file")
EXPECTED: dict[str, dict[str, str]] = {
    "read": {"Cache-Control": "private, no-cache"},
    "list": {"Cache-Control": "private, no-cache"},
    "made": {"Cache-Control": "private, no-cache"},
    "credentials": {"Cache-Control": "no-store"},
    **{kind: {"Cache-Control": "no-store"} for kind in (*REFUSED, "health", "ready", "metrics")},
    **{kind: {"Cache-Control": "no-cache"} for kind in ("openapi", "about a problem", "script", "script of a link")},
    "docs": {"Cache-Control": "no-cache", "Content-Security-Policy": DOCS},
    "docs of events": {"Cache-Control": "no-cache", "Content-Security-Policy": STATIC},
    "page of a link": {"Cache-Control": "no-cache", "Content-Security-Policy": LINK},
    "file": FILE,
}


class TestHeaders:
    @pytest.mark.parametrize("kind", EXPECTED)
    def test_are_exactly_these(self, answers: dict[str, TestResponse], kind: str) -> None:
        found = {name: value for name, value in answers[kind].headers.items() if name not in PASSING}
        assert found == COMMON | EXPECTED[kind]

    def test_of_every_class_were_looked_at(self, answers: dict[str, TestResponse]) -> None:
        assert answers.keys() == EXPECTED.keys()
        expected = {"unauthorized": 401, "invalid": 422, "method": 405, "made": 201, "refused file": 403}
        for kind, answer in answers.items():
            assert answer.status_code == expected.get(kind, 404 if kind.startswith("no") else 200), kind

    def test_insist_on_tls_in_production_and_behind_tls(self, app: Application) -> None:
        client = app.test_client()
        expected = "max-age=31536000; includeSubDomains"
        assert client.get("/nowhere", base_url="https://localhost").headers["Strict-Transport-Security"] == expected
        assert "Strict-Transport-Security" not in client.get("/nowhere").headers

    def test_pages_take_everything_from_here_and_run_nothing_inline(self, answers: dict[str, TestResponse]) -> None:
        for kind in ("docs", "docs of events", "page of a link"):
            html = answers[kind].get_data(as_text=True)
            assert "http://" not in html.replace("http://www.w3.org", "")
            assert "<script>" not in html
            assert "onload=" not in html
            assert "javascript:" not in html
            assert 'src="https' not in html
            assert 'href="https' not in html

    def test_of_problems_lead_to_a_page_about_them(self, app: Application, answers: dict[str, TestResponse]) -> None:
        for answer in answers.values():
            if answer.status_code >= 400:
                assert app.test_client().get(answer.json["type"]).status_code == 200  # type: ignore[index]


class TestOrigins:
    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://localhost.evil.example", "file://"])
    def test_of_others_may_read_no_route(self, app: Application, origin: str) -> None:
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            if (declared := rule_of(app.view_functions[rule.endpoint])) and declared.cross_origin:
                continue
            address = rule.rule.replace("<", "").replace(">", "").replace("uuid:", "")
            asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            for answer in (client.options(address, headers=asked), client.options(address, headers={"Origin": origin})):
                allowed = [name for name, _ in answer.headers if name.startswith("Access-Control")]
                assert not allowed, rule.rule
                assert answer.data == b"" or answer.status_code >= 400

    def test_of_others_may_ask_forms_for_websites_and_never_as_somebody(self, app: Application) -> None:
        client, open_to_all = app.test_client(), set()
        for rule in app.url_map.iter_rules():
            declared = rule_of(app.view_functions[rule.endpoint])
            if declared is None or not declared.cross_origin:
                continue
            open_to_all.add(rule.rule)
            asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            answer = client.options(rule.rule.replace("<key>", "nobodys"), headers=asked)
            assert "Access-Control-Allow-Credentials" not in answer.headers
            read = client.get(rule.rule.replace("<key>", "nobodys"), headers={"Origin": "https://evil.example"})
            assert not [name for name, _ in read.headers if name.startswith("Access-Control")]
        assert open_to_all == {"/p/capture/forms/<key>", "/p/capture/forms/<key>/token"}

    def test_empty_is_the_default(self) -> None:
        assert Settings.model_fields["cors_origin"].default == ()

    def test_any_is_refused_in_production(self) -> None:
        options: dict[str, Any] = {"_env_file": None, "TRIPFILE_MODE": "production", "cors_origin": "*"}
        assert any("CORS_ORIGIN=*" in line for line in Settings(**options).problems())


class TestMethods:
    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG", "X" * 300])
    def test_nobody_declared_reach_no_route(self, app: Application, owner: ApiClient, method: str) -> None:
        client = app.test_client()
        headers = {"Authorization": f"Bearer {owner.token}", "Cookie": "secret=1"}
        for rule in app.url_map.iter_rules():
            answer = client.open(rule.rule.replace("<", "").replace(">", ""), method=method, headers=headers)
            assert answer.status_code in {404, 405}, (rule.rule, method)
            assert owner.token is not None
            assert owner.token not in answer.get_data(as_text=True)

    def test_that_reflect_reach_not_even_a_route_that_declares_them(
        self, app: Application, owner: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule = next(each for each in app.url_map.iter_rules() if each.endpoint == "auth.me")
        monkeypatch.setattr(rule, "methods", {*(rule.methods or ()), "TRACE"})
        assert problem(owner.call("TRACE", "/auth/me")) == (405, "method_not_allowed")

    def test_are_not_changed_by_a_header_or_parameter(self, app: Application, owner: ApiClient) -> None:
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            answer = owner.post("/agencies/current", {"name": "Taken"}, headers={name: "PATCH"})
            assert problem(answer) == (405, "method_not_allowed")
        assert owner.post("/agencies/current?_method=PATCH", {"name": "Taken"}).status_code == 405
        assert ok(owner.get("/agencies/current"))["name"] != "Taken"

    def test_options_tell_nobody_anything_but_methods(self, app: Application, calls: Calls) -> None:
        client = app.test_client()
        for call in calls.every:
            place = calls.prefix + "/".join(str(uuid4()) if "<" in part else part for part in call.rule.split("/"))
            answer = client.options(place)
            assert (answer.status_code, answer.data) == (200, b""), call
            assert set(answer.headers["Allow"].split(", ")) <= {
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
            }  # fmt: skip


class TestInside:
    """Measurements and details of health are for INSIDE_NETWORKS."""

    @pytest.mark.parametrize(
        ("peer", "headers"),
        [
            ("203.0.113.7", {}),
            ("203.0.113.7", {"X-Forwarded-For": "127.0.0.1"}),
            # A proxy on this machine that nobody configured: everybody seems to be it.
            ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}),
            ("127.0.0.1", {"X-Real-IP": "203.0.113.7"}),
            ("::ffff:203.0.113.7", {}),
        ],
    )
    def test_others_get_a_word(self, app: Application, peer: str, headers: dict[str, str]) -> None:
        client = app.test_client()
        asked: dict[str, Any] = {"headers": headers, "environ_base": {"REMOTE_ADDR": peer}}
        assert client.get("/metrics", **asked).status_code == 404
        assert client.get("/health/ready", **asked).json == {"status": "ok", "checks": {}}
        assert client.get("/health/live", **asked).json == {"status": "ok"}

    @pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    def test_those_inside_get_all(self, app: Application, peer: str) -> None:
        client = app.test_client()
        asked: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": peer}}
        assert b"tripfile_http_requests" in client.get("/metrics", **asked).data
        assert "database" in client.get("/health/ready", **asked).json["checks"]  # type: ignore[index]


class TestFilesOrigin:
    """What strangers uploaded comes from a host name of its own, which answers nothing else."""

    def test_keeps_the_two_apart(self, split: Application, owner: ApiClient) -> None:
        brand = ok(owner.post("/agencies/brands", {"code": "apart", "name": "Apart"}), 201)["id"]
        logo = files.picture("PNG")
        ok(owner.call("PUT", f"/agencies/brands/{brand}/logo?name=logo.png", data=logo, version="*"))
        client, signed = split.test_client(), {"Authorization": f"Bearer {owner.token}"}
        api = f"{split.settings.api_prefix}/agencies/brands/{brand}/logo"
        link = client.get(api, headers={**signed, "Host": "api.example"}).json["url"]  # type: ignore[index]
        assert link.startswith("https://files.example/p/files/")
        path = link.removeprefix("https://files.example")
        asked = {
            (path, "files.example"): 200,
            (path, "FILES.example"): 200,
            (path, "api.example"): 404,
            (path, "evil.example"): 404,
            (api, "files.example"): 404,
            ("/nowhere", "files.example"): 404,
            (api, "evil.example"): 400,
            (api, "api.example"): 200,
        }
        for (address, host), status in asked.items():
            answer = client.get(address, headers={**signed, "Host": host})
            assert answer.status_code == status, (address, host)
