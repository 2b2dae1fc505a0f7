"""The pages that links in letters lead to: what they promise the API keeps, and nothing else runs in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from flask.testing import FlaskClient

from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.http.application import Application
from core.http.contract import Contract, contract_of
from core.http.link_pages import PAGES
from core.mail.api import link


@pytest.fixture
def browser(app: Application) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def with_front_end(settings: Settings) -> Iterator[Application]:
    app = create_app(settings.model_copy(update={"front_end_url": "https://app.example.com/"}))
    yield app
    with app.app_context():
        dispose()


def contract_at(app: Application, address: str) -> Contract:
    """What the route reads that a page posts to."""
    adapter = app.url_map.bind("localhost")
    endpoint, _ = adapter.match(address, method="POST")
    return contract_of(app.view_functions[endpoint])


class TestEachPage:
    @pytest.mark.parametrize("kind", PAGES)
    def test_is_where_letters_lead(self, app: Application, browser: FlaskClient, kind: str) -> None:
        with app.app_context():
            address = link(kind, "secret")
        assert address == f"http://localhost:3000/app/{kind}#token=secret"
        answer = browser.get(f"/app/{kind}")
        html = answer.get_data(as_text=True)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert f"<h1>{PAGES[kind].title}</h1>" in html
        assert 'name="viewport"' in html

    @pytest.mark.parametrize("kind", PAGES)
    def test_posts_what_the_api_takes(self, app: Application, browser: FlaskClient, kind: str) -> None:
        html = browser.get(f"/app/{kind}").get_data(as_text=True)
        (sends,) = re.findall(r'data-sends="([^"]+)"', html)
        body = contract_at(app, sends).body
        asked = {"token"} | {name for name in ("name", "password") if f'name="{name}"' in html}
        assert asked <= set(body.__struct_fields__)
        assert {each.name for each in msgspec.structs.fields(body) if each.required} <= asked
        for looks in re.findall(r'data-looks="([^"]+)"', html):
            offered = contract_at(app, looks)
            assert {"agency", "invited_by", "roles", "email", "account"} <= set(offered.result.__struct_fields__)

    @pytest.mark.parametrize("kind", PAGES)
    def test_runs_nothing_but_its_script(self, browser: FlaskClient, kind: str) -> None:
        answer = browser.get(f"/app/{kind}")
        html = answer.get_data(as_text=True)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert re.findall(r"<script[^>]*>", html) == ['<script src="/app/link.js" defer>']
        assert not re.search(r"<style| style=| on\w+=", html)
        for asset in re.findall(r'(?:src|href)="([^"]+)"', html):
            assert browser.get(asset).status_code == 200

    def test_writes_texts_alone(self, browser: FlaskClient) -> None:
        script = browser.get("/app/link.js").get_data(as_text=True)
        assert "textContent" in script
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|localStorage", script)

    def test_lies_the_other_way_round_where_one_reads_so(self, browser: FlaskClient) -> None:
        style = browser.get("/app/link.css").get_data(as_text=True)
        assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)|float:", style)


class TestAFrontEndOfTheAgencys:
    def test_gets_the_links_and_answers_them_alone(self, with_front_end: Application) -> None:
        with with_front_end.app_context():
            assert link("invitation", "secret") == "https://app.example.com/app/invitation#token=secret"
        client = with_front_end.test_client()
        assert {client.get(f"/app/{kind}").status_code for kind in (*PAGES, "link.js", "link.css")} == {404}
