"""Cookie mode: tokens no script can read, and requests that prove which page sent them."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from core.auth.sessions import opening
from core.auth.tokens import cookies
from core.config import Settings
from core.http.application import Application
from core.testing.clients import ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import PASSWORD, Person
from tests.core.auth.forging import claims_of

HERE = "https://tripfile.example"
ACCESS, REFRESH, CSRF = (cookies.name_of(kind) for kind in ("access", "refresh", "csrf"))
CROSS_SITE = (403, "cross_site")


def sent_with(response: TestResponse) -> dict[str, Morsel[str]]:
    """The cookies of an answer that hold a session."""
    found: SimpleCookie = SimpleCookie()
    for header in response.headers.getlist("Set-Cookie"):
        found.load(header)
    # A device that was signed in with has another one, which is worth nothing by itself.
    return {name: found[name] for name in (ACCESS, REFRESH, CSRF) if name in found}


class Browser:
    """A page in a browser: it keeps cookies, names its origin and shows the CSRF token it was given."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.jar: dict[str, str] = {}
        self.shown = ""
        self.origin: str | None = HERE

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """A request of the page."""
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}
        sent |= {"Origin": self.origin} if self.origin else {}
        sent |= {"X-CSRF-Token": self.shown} if self.shown else {}
        client = self.app.test_client(use_cookies=False)
        options = {} if json is None else {"json": json}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = client.open(f"/api/v1{path}", method=method, base_url=HERE, headers=sent, **options)
        for name, morsel in sent_with(answer).items():
            if morsel["max-age"] == "0":
                self.jar.pop(name, None)
            else:
                self.jar[name] = morsel.value
        return answer

    def sign_in(self, person: Person) -> dict[str, Any]:
        """Sign in, tokens into cookies."""
        body = {"email": person.email, "password": PASSWORD, "cookies": True}
        answer: dict[str, Any] = ok(self.call("POST", "/auth/login", body))
        self.shown = answer["csrf_token"]
        return answer


@pytest.fixture
def browser(app: Application, person: Person) -> Browser:
    """A page whose person is signed in."""
    made = Browser(app)
    made.sign_in(person)
    return made


class TestSigningIn:
    def test_puts_the_tokens_where_no_script_reads_them(self, app: Application, person: Person) -> None:
        body = {"email": person.email, "password": PASSWORD, "cookies": True}
        answer = Browser(app).call("POST", "/auth/login", body)
        found = sent_with(answer)
        assert found.keys() == {ACCESS, REFRESH, CSRF}
        for name, morsel in found.items():
            assert name.startswith("__Host-")
            assert (morsel["secure"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "Lax", "/", "")
            assert bool(morsel["httponly"]) == (name != CSRF)
        assert int(found[ACCESS]["max-age"]) == pytest.approx(600, abs=2)
        assert int(found[REFRESH]["max-age"]) == 14 * 86_400
        told = ok(answer)
        assert (told["access_token"], told["refresh_token"]) == ("", "")
        assert told["csrf_token"] == found[CSRF].value

    def test_happens_only_where_it_is_asked_for(self, app: Application, person: Person) -> None:
        answer = person.log_in()
        assert not sent_with(answer)
        assert "csrf_token" not in ok(answer)

    def test_can_be_asked_for_by_a_header_with_every_way_in(self, app: Application, person: Person) -> None:
        body = {"email": person.email, "password": PASSWORD}
        answer = Browser(app).call("POST", "/auth/login", body, Tripfile_Session="cookies")
        assert sent_with(answer).keys() == {ACCESS, REFRESH, CSRF}

    def test_that_failed_leaves_no_cookie(self, app: Application, person: Person) -> None:
        body = {"email": person.email, "password": "something else", "cookies": True}
        assert not sent_with(Browser(app).call("POST", "/auth/login", body))


class TestRequests:
    def test_read_and_write_with_the_cookie(self, browser: Browser, person: Person) -> None:
        assert ok(browser.call("GET", "/auth/me"))["user"]["email"] == person.email
        ok(browser.call("POST", "/leads", {"contact": {"name": "Ana"}}), 201)

    def test_without_the_cookie_are_nobodys(self, app: Application, browser: Browser) -> None:
        browser.jar = {}
        assert problem(browser.call("GET", "/auth/me")) == (401, "unauthorized")

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example", "null", None, "", "http://tripfile.example", "https://tripfile.example.evil.example",
            "https://tripfile.example:8443", "https://eviltripfile.example", "HTTPS://TRIPFILE.EXAMPLE/",
        ],
    )  # fmt: skip
    def test_of_another_page_that_change_something_are_refused(self, browser: Browser, origin: str | None) -> None:
        browser.origin = origin
        assert problem(browser.call("POST", "/leads", {"contact": {"name": "Ana"}})) == CROSS_SITE
        assert problem(browser.call("DELETE", "/auth/sessions")) == CROSS_SITE
        ok(browser.call("GET", "/auth/me"))

    def test_without_the_token_of_the_page_are_refused(
        self, app: Application, browser: Browser, person: Person
    ) -> None:
        another = Browser(app)
        another.sign_in(person)
        for shown in ("", "x", browser.shown[:-1], "é", another.shown):
            browser.shown = shown
            assert problem(browser.call("POST", "/leads", {"contact": {"name": "Ana"}})) == CROSS_SITE

    def test_with_a_token_in_the_header_need_neither(self, app: Application, browser: Browser, person: Person) -> None:
        bearer = f"Bearer {person.tokens()['access_token']}"
        browser.origin, browser.shown = "https://evil.example", ""
        ok(browser.call("POST", "/leads", {"contact": {"name": "Ana"}}, Authorization=bearer), 201)

    def test_from_the_configured_address_count_as_ours(
        self, browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "base_url", "https://desk.example/app")
        browser.origin = "https://desk.example"
        ok(browser.call("POST", "/leads", {"contact": {"name": "Ana"}}), 201)

    def test_no_other_page_is_allowed_to_send_the_cookie(self, browser: Browser) -> None:
        answer = browser.call("GET", "/auth/me")
        assert "Access-Control-Allow-Credentials" not in answer.headers


class TestRefreshing:
    def test_works_by_cookie_and_goes_on_so(self, browser: Browser) -> None:
        before = dict(browser.jar)
        told = ok(browser.call("POST", "/auth/refresh", {}))
        assert (told["access_token"], told["refresh_token"], told["csrf_token"]) == ("", "", browser.shown)
        assert browser.jar[REFRESH] != before[REFRESH]
        ok(browser.call("GET", "/auth/me"))
        ok(browser.call("POST", "/auth/refresh", {}))

    def test_of_another_page_is_refused(self, browser: Browser) -> None:
        shown = browser.shown
        browser.origin = "https://evil.example"
        assert problem(browser.call("POST", "/auth/refresh", {})) == CROSS_SITE
        browser.origin, browser.shown = HERE, ""
        assert problem(browser.call("POST", "/auth/refresh", {})) == CROSS_SITE
        browser.shown = shown
        ok(browser.call("POST", "/auth/refresh", {}))

    def test_with_a_forged_cookie_is_refused(self, browser: Browser) -> None:
        browser.jar[REFRESH] = "tfr_" + "A" * 76
        assert problem(browser.call("POST", "/auth/refresh", {})) == (401, "invalid_token")


class TestTheRest:
    def test_signing_out_takes_the_cookies_back(self, browser: Browser) -> None:
        kept = dict(browser.jar)
        answer = browser.call("POST", "/auth/logout")
        assert answer.status_code == 204
        # Nor does the page keep what it has seen; the device may stay a known one.
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert not browser.jar
        browser.jar = kept
        assert browser.call("GET", "/auth/me").status_code == 401

    def test_another_agency_is_entered_by_cookie(
        self, browser: Browser, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        told = ok(browser.call("POST", "/auth/switch", {"agency": other_agency.slug}))
        assert told["access_token"] == ""
        browser.shown = told["csrf_token"]
        assert ok(browser.call("GET", "/auth/me"))["agency"]["slug"] == other_agency.slug

    def test_a_page_gets_a_ticket_for_its_socket(self, browser: Browser) -> None:
        assert ok(browser.call("POST", "/auth/socket-ticket"))["ticket"]

    def test_a_proof_comes_back_as_cookies(self, app: Application, browser: Browser) -> None:
        session_id = UUID(claims_of(browser.jar[ACCESS])["sid"])
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.jar.items())}
        with app.test_request_context(headers=headers, method="GET") as context:
            cookies.check(context.request, session_id)
            proven = opening.prove(session_id, ("pwd",))
        assert (proven.access_token, proven.csrf_token) == ("", browser.shown)

    def test_whoever_acts_for_another_keeps_their_own(self, app: Application, person: Person) -> None:
        with app.test_request_context(headers={"Tripfile-Session": "cookies"}):
            helped = opening.open_session(person.user_id, agency=None, methods=("pwd",), impersonator_id=person.user_id)
        assert helped.access_token
