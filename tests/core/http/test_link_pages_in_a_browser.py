"""What people do who open a link of a letter on their phone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox, mailbox
from tests.browser import CHROMIUM, Browser
from tests.worker import Worker

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium here")
PASSWORD = "a long and quiet passphrase"
FILL = "(name, value) => { document.querySelector(`[name=${name}]`).value = value; }"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def house(app: Application) -> Iterator[str]:
    """Where the application is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@pytest.fixture
def post(app: Application) -> Iterator[Mailbox]:
    with mailbox(app) as box:
        yield box


class Page:
    """The page of a link."""

    def __init__(self, browser: Browser, house: str, link: str) -> None:
        self._browser = browser
        browser.complaints.clear()
        browser.open(house + "/" + link.split("/", 3)[3])

    def fill(self, **values: str) -> None:
        """Fill the form in, and send it."""
        self._browser.until("!document.getElementById('form').hidden")
        for name, value in values.items():
            self._browser.ask(f"({FILL})('{name}', '{value}')")
        picture = os.environ.get("PICTURES")
        if picture:
            Path(picture, f"{self._browser.ask('location.pathname.slice(5)')}.png").write_bytes(self._browser.picture())
        self._browser.ask("document.querySelector('button').click()")

    def says(self, text: str) -> None:
        """Wait until it says something."""
        self._browser.until(f"document.getElementById('said').innerText.includes('{text}')")

    def is_quiet(self) -> None:
        """Nothing was stopped by the policy, and nothing broke."""
        assert self._browser.complaints == []

    def width(self) -> int:
        """How wide the page is."""
        found: int = self._browser.ask("document.documentElement.scrollWidth")
        return found


class TestAnInvitation:
    def test_is_accepted_by_somebody_new(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, browser: Browser, house: str, post: Mailbox
    ) -> None:
        ok(api.post("/invitations", {"email": "noa@example.com", "roles": ["agent"]}), 201)
        Worker(app).work()
        page = Page(browser, house, post.link("noa@example.com"))
        browser.until("!document.getElementById('form').hidden")
        assert "to work with Sunrise Travel in Tripfile as Agent. It is for noa@example.com." in browser.text()
        assert page.width() <= 390
        page.fill(name="Noa Levi", password="short")
        page.says("Use at least 15 characters")
        page.fill(name="Noa Levi", password=PASSWORD)
        page.says("You are in")
        assert browser.ask("location.hash") == ""
        tokens = ok(ApiClient(app).post("/auth/login", {"email": "noa@example.com", "password": PASSWORD}))
        assert ok(ApiClient(app, tokens["access_token"]).get("/users/me"))["name"] == "Noa Levi"

    def test_that_is_used_up_says_so(self, browser: Browser, house: str) -> None:
        page = Page(browser, house, "http://localhost/app/invitation#token=used")
        page.says("not valid any more")
        assert browser.ask("document.getElementById('form').hidden")


class TestTheOthers:
    def test_set_a_new_password_and_confirm_the_address(
        self, app: Application, agency: AgencyUnderTest, browser: Browser, house: str, post: Mailbox
    ) -> None:
        ana = agency.newcomer("agent")
        email = ok(ana.get("/users/me"))["email"]
        ok(ana.post("/auth/email/verification"), 202)
        Worker(app).work()
        page = Page(browser, house, post.link(email))
        page.fill()
        page.says("the address is confirmed")
        page.is_quiet()
        ok(ApiClient(app).post("/auth/password/forgotten", {"email": email}), 202)
        Worker(app).work()
        page = Page(browser, house, post.link(email))
        page.fill(password=PASSWORD)
        page.says("This is your password now")
        page.is_quiet()
        assert ApiClient(app).post("/auth/login", {"email": email, "password": PASSWORD}).status_code == 200

    def test_say_what_is_missing_without_a_token(self, browser: Browser, house: str) -> None:
        page = Page(browser, house, "http://localhost/app/registration")
        page.says("not the whole link")
        page.is_quiet()
