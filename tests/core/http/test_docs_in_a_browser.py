"""The page at /docs in a real browser: every operation is on it from the start, is found, and leads to its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from core.http.application import Application
from tests.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium here")
SHOWN = "[...document.querySelectorAll('#tripfile-operations a:not([hidden])')].filter((each) => each.offsetParent)"


@pytest.fixture(scope="module")
def page(app: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The page, once its index is there."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    browser = Browser(tmp_path_factory.mktemp("browser"))
    browser.open(f"http://127.0.0.1:{server.server_port}/docs")
    browser.until(f"{SHOWN}.length > 100")
    yield browser
    browser.close()
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def typed(page: Browser, words: str) -> list[str]:
    page.ask(
        f"(() => {{ const box = document.getElementById('filter'); box.value = '{words}';"
        " box.dispatchEvent(new Event('input')); })()"
    )
    found: list[str] = page.ask(f"{SHOWN}.map((each) => each.innerText.replace(/\\s+/g, ' '))")
    return found


class TestThePage:
    def test_has_every_operation_in_its_text(self, page: Browser, app: Application) -> None:
        typed(page, "")
        text = page.text()
        assert [path for path in app.api.document()["paths"] if path not in text] == []

    def test_finds_operations_by_words_address_and_method(self, page: Browser) -> None:
        found = typed(page, "post auth/login")
        assert "POST /api/v1/auth/login" in found[0]
        assert typed(page, "no such thing") == []
        assert len(typed(page, "")) > 100

    def test_leads_to_the_operation(self, page: Browser) -> None:
        typed(page, "auth/prove options")
        page.ask(f"{SHOWN}[0].click()")
        page.until("!!document.querySelector('.opblock.is-open .opblock-summary-path')")
        path = page.ask("document.querySelector('.opblock.is-open .opblock-summary-path').innerText")
        assert path.replace("\u200b", "") == "/api/v1/auth/prove/options"
        page.until("Math.abs(document.querySelector('.opblock.is-open').getBoundingClientRect().top) < 200")

    def test_says_how_to_get_a_token(self, page: Browser) -> None:
        assert "A token: send POST /api/v1/auth/login" in page.text()

    def test_is_quiet(self, page: Browser) -> None:
        assert page.complaints == []
