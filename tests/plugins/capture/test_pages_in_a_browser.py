"""What people do who fill in a form on their phone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from core.http.application import Application
from tests.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium here")
Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
FILL = "(name, value) => { document.getElementsByName(name)[0].value = value; }"
NEWS = {"purpose": "newsletter", "text": "Send me your newsletter.", "version": "1", "channels": ["email"]}


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


def keep_picture(browser: Browser, name: str) -> None:
    """For whoever wants to see it."""
    folder = os.environ.get("PICTURES")
    if folder:
        Path(folder, f"capture-{name}.png").write_bytes(browser.picture())


def fill(browser: Browser, **values: str) -> None:
    for name, value in values.items():
        browser.ask(f"({FILL})('{name}', '{value}')")


class TestThePage:
    def test_is_filled_in_corrected_and_sent(
        self, browser: Browser, house: str, form: Make, leads: Look, came: Look
    ) -> None:
        fields = [{"name": "name", "required": True}, {"name": "email", "required": True}, {"name": "message"}]
        made = form(fields=fields, consents=[NEWS], color="#0b6b4f", origins=["https://sunrise.example"])
        browser.complaints.clear()
        browser.open(f"{house}/app/capture/{made['key']}")
        keep_picture(browser, "form")
        fill(browser, name="Ana Duarte", email="ana@example")
        browser.ask("document.querySelector('form').noValidate = true")
        browser.ask("document.querySelector('button').click()")
        browser.until("document.querySelector('.summary') !== null")
        keep_picture(browser, "wrong")
        assert browser.ask("document.getElementsByName('email')[0].getAttribute('aria-invalid')") == "true"
        assert browser.ask("document.getElementsByName('name')[0].value") == "Ana Duarte"
        fill(browser, email="ana@example.com")
        browser.ask("document.querySelector('button').click()")
        browser.until("location.pathname.endsWith('/thanks')")
        keep_picture(browser, "thanks")
        assert "Thank you" in browser.text()
        assert ([lead["contact_name"] for lead in leads()], came()[0]["state"]) == (["Ana Duarte"], "accepted")
        # What was refused is in the console, and nothing of the policy.
        assert [each for each in browser.complaints if "422" not in each] == []

    def test_leads_on_where_the_agency_says(self, browser: Browser, house: str, form: Make, leads: Look) -> None:
        made = form(fields=[{"name": "email"}], redirect_url="https://localhost:9/thanks")
        browser.open(f"{house}/app/capture/{made['key']}")
        fill(browser, email="ana@example.com")
        browser.ask("document.querySelector('button').click()")
        # Nobody answers there; the policy let it go.
        browser.until("location.protocol === 'chrome-error:'")
        assert len(leads()) == 1

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_reads_from_right_to_left(self, browser: Browser, house: str, form: Make, scheme: str) -> None:
        fields = [
            {"name": "name", "label": "الاسم"},
            {"name": "email", "label": "البريد الإلكتروني"},
            {"name": "phone"},
        ]
        made = form(fields=fields, language="ar", title="خطط لرحلتك", color="#ffcc00")
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.do("Emulation.setEmulatedMedia", features=features)
        browser.complaints.clear()
        browser.open(f"{house}/app/capture/{made['key']}")
        keep_picture(browser, f"ar-{scheme}")
        browser.do("Emulation.setEmulatedMedia", features=[])
        edges = "['.brand', 'h1', 'label'].map(each => getComputedStyle(document.querySelector(each)).direction)"
        assert browser.ask(edges) == ["rtl"] * 3
        assert browser.ask("document.documentElement.scrollWidth <= innerWidth") is True
        # People do not see what is to be left empty.
        trap = "document.getElementsByName('website')[0].getBoundingClientRect()"
        assert browser.ask(f"{trap}.right < 0 || {trap}.left > innerWidth") is True
        assert browser.complaints == []
