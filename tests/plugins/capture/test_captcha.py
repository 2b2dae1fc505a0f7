"""Telling people from programs, with a real server that speaks the protocol of Turnstile and hCaptcha."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.config import Settings
from core.extensions import db
from core.http.application import Application
from core.plugins.hookspecs import hookimpl
from core.testing import databases
from core.testing.clients import ApiClient, faults, ok
from core.testing.databases import Server
from plugins.capture.api import CaptchaAnswer
from plugins.capture.service import captchas
from tests.plugins.capture.conftest import ANA, FIELDS, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def settings(database_server: Server) -> Iterator[Settings]:
    """Settings under which one address of the loopback may be reached."""
    with database_server.clone() as urls:
        yield databases.settings_for(urls, outbound_allow_networks="127.0.0.1/32")


class Verifier:
    """A server that knows which answers are people's."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.reply: bytes | None = None
        self.status = 200
        verifier = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                said = {name: values[0] for name, values in parse_qs(body).items()}
                verifier.asked.append(said)
                good = said.get("secret") == "hush" and said.get("response") == "person"
                told = verifier.reply or json.dumps({"success": good, "hostname": "sunrise.example"}).encode()
                self.send_response(verifier.status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/siteverify"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


@pytest.fixture
def verifier() -> Iterator[Verifier]:
    """A server."""
    running = Verifier()
    yield running
    running.close()


@pytest.fixture
def guarded(form: Make, verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A form whose provider is that server."""
    monkeypatch.setitem(captchas.VERIFY, "turnstile", verifier.url)
    return form(captcha={"provider": "turnstile", "site_key": "site", "secret": "hush"})


@pytest.fixture(autouse=True)
def reachable(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of that server is among those of the plugin."""
    plugins = app.extensions["tripfile.plugins"]
    monkeypatch.setattr(type(plugins), "egress", property(lambda _: {"capture": ("127.0.0.1",)}))


class Friendly:
    """A provider of a plugin's."""

    @hookimpl
    def capture_captcha_providers(self) -> list[str]:
        """One of its own."""
        return ["friendly"]

    @hookimpl
    def capture_captcha(self, asked: CaptchaAnswer) -> bool | None:
        """A person answers with what is asked for."""
        return asked.answer == "friend" if asked.provider == "friendly" else None


@contextmanager
def brought(app: Application) -> Iterator[None]:
    """A block in which a plugin brings that provider."""
    relay = app.extensions["tripfile.plugins"].relay
    relay.register(Friendly(), "friendly")
    try:
        yield
    finally:
        relay.unregister(name="friendly")


class TestVerifying:
    def test_a_person_gets_through_and_the_provider_is_asked_by_its_protocol(
        self, stranger: Stranger, guarded: dict[str, Any], verifier: Verifier, leads: Look
    ) -> None:
        ok(stranger.send(guarded, ANA, captcha="person"), 201)
        assert len(leads()) == 1
        (asked,) = verifier.asked
        assert (asked["secret"], asked["response"]) == ("hush", "person")
        assert asked["remoteip"].startswith("198.18.")

    def test_no_connection_is_held_while_the_provider_is_asked(
        self, stranger: Stranger, guarded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun: list[bool] = []
        judge = captchas.judge

        def watched(asked: Any) -> Any:
            begun.append(db.session().in_transaction())
            return judge(asked)

        monkeypatch.setattr(captchas, "judge", watched)
        ok(stranger.send(guarded, ANA, captcha="person"), 201)
        assert begun == [False]

    def test_a_program_does_not(self, stranger: Stranger, guarded: dict[str, Any], came: Look) -> None:
        assert faults(stranger.send(guarded, ANA, captcha="program")) == {"/captcha": "captcha"}
        assert faults(stranger.send(guarded, ANA)) == {"/captcha": "required"}
        assert came() == []

    def test_plain_pages_send_what_the_provider_calls_it(
        self, stranger: Stranger, guarded: dict[str, Any], leads: Look
    ) -> None:
        path = f"/p/capture/forms/{guarded['key']}"
        assert stranger.post(path, data=ANA | {"cf-turnstile-response": "person"}).status_code == 303
        assert len(leads()) == 1

    def test_what_is_wrong_otherwise_is_told_before_anybody_is_asked(
        self, stranger: Stranger, guarded: dict[str, Any], verifier: Verifier
    ) -> None:
        assert faults(stranger.send(guarded, {"name": "Ana"}, captcha="person")) == {"/values/email": "required"}
        assert faults(stranger.send(guarded, ANA | {"adults": "many"}, captcha="person")) == {"/values/adults": "type"}
        assert verifier.asked == []

    @pytest.mark.parametrize("reply", [b"", b"<html>", b'{"success": "yes"}', b"x" * 5_000_000])
    def test_where_the_provider_says_nothing_it_is_kept_and_looked_at(
        self, stranger: Stranger, guarded: dict[str, Any], verifier: Verifier, came: Look, reply: bytes
    ) -> None:
        verifier.reply = reply or b" "
        ok(stranger.send(guarded, ANA, captcha="person"), 201)
        assert [(each["state"], each["reason"]) for each in came()] == [("spam", "captcha_unanswered")]

    def test_where_nobody_brings_the_provider_any_more_neither(
        self, app: Application, stranger: Stranger, form: Make, came: Look
    ) -> None:
        with brought(app):
            made = form(captcha={"provider": "friendly", "site_key": "site", "secret": "hush"})
        ok(stranger.send(made, ANA, captcha="person"), 201)
        assert came()[0]["reason"] == "captcha_unanswered"

    def test_a_plugin_may_bring_its_own(
        self, app: Application, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        with brought(app):
            made = form(captcha={"provider": "friendly", "site_key": "site", "secret": "hush"})
            assert faults(stranger.send(made, ANA, captcha="foe")) == {"/captcha": "captcha"}
            ok(stranger.send(made, ANA, captcha="friend"), 201)
        assert (len(leads()), len(came())) == (1, 1)

    def test_another_that_speaks_the_protocol(
        self, app: Application, api: ApiClient, stranger: Stranger, form: Make, verifier: Verifier, leads: Look
    ) -> None:
        """The address is checked where it is set, so that it is put there by hand."""
        made = form(captcha={"provider": "turnstile", "site_key": "site", "secret": "hush"})
        own = {"provider": "other", "site_key": "site", "secret": "hush", "verify_url": "https://127.0.0.1/verify"}
        ok(api.patch(f"/capture/forms/{made['id']}", {"captcha": own}, version="*"))
        ok(stranger.send(made, ANA, captcha="person"), 201)
        # Nobody answers there.
        assert leads() == []


class TestProviders:
    def test_that_nobody_brings_are_refused_with_those_there_are(self, app: Application, api: ApiClient) -> None:
        captcha = {"provider": "foo", "site_key": "site", "secret": "hush"}
        body = {"name": "Website", "fields": FIELDS, "captcha": captcha}
        with brought(app):
            refused = api.post("/capture/forms", body)
        assert faults(refused) == {"/captcha/provider": "unknown"}
        (fault,) = refused.get_json()["errors"]
        assert fault["message"] == "Choose one of friendly, hcaptcha, other, turnstile"
        captcha["provider"] = "friendly"
        assert faults(api.post("/capture/forms", body)) == {"/captcha/provider": "unknown"}


class TestTheSecret:
    def test_is_shown_to_nobody(self, api: ApiClient, stranger: Stranger, guarded: dict[str, Any]) -> None:
        shown = ok(api.get(f"/capture/forms/{guarded['id']}"))
        assert shown["captcha"] == {"provider": "turnstile", "site_key": "site", "verify_url": None}
        public = ok(stranger.get(f"/p/capture/forms/{guarded['key']}"))
        assert public["captcha"] == {"provider": "turnstile", "site_key": "site"}
        page = stranger.get(f"/app/capture/{guarded['key']}")
        assert "hush" not in json.dumps(shown) + json.dumps(public) + page.get_data(as_text=True)

    def test_the_page_lets_the_provider_draw(self, stranger: Stranger, guarded: dict[str, Any]) -> None:
        page = stranger.get(f"/app/capture/{guarded['key']}")
        assert 'class="cf-turnstile" data-sitekey="site"' in page.get_data(as_text=True)
        policy = page.headers["Content-Security-Policy"]
        assert "script-src https://challenges.cloudflare.com; frame-src https://challenges.cloudflare.com" in policy


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("https://169.254.169.254/latest/meta-data", "refused_address"),
            ("https://10.0.0.1/verify", "refused_address"),
            ("https://localhost.nowhere.invalid/verify", "unreachable_address"),
            ("http://127.0.0.1/verify", "pattern"),
            ("file:///etc/passwd", "pattern"),
            ("https://a@10.0.0.1/", "pattern"),
        ],
    )
    def test_inside_our_network_are_refused(self, api: ApiClient, url: str, code: str) -> None:
        captcha = {"provider": "other", "site_key": "site", "secret": "hush", "verify_url": url}
        body = {"name": "Website", "fields": FIELDS, "captcha": captcha}
        assert faults(api.post("/capture/forms", body)) == {"/captcha/verify_url": code}

    def test_are_of_other_providers_alone(self, api: ApiClient) -> None:
        for captcha in ({"provider": "other"}, {"provider": "turnstile", "verify_url": "https://evil.example/"}):
            body = {"name": "Website", "fields": FIELDS, "captcha": {"site_key": "s", "secret": "h", **captcha}}
            assert faults(api.post("/capture/forms", body)) == {"/captcha/verify_url": "required"}
