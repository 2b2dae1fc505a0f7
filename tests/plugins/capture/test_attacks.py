"""What strangers try at the doors that are open to all the world."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.agencies import suspension
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.plugins.capture.conftest import ANA, FIELDS, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
SITE = "https://sunrise.example"


class TestBodies:
    def test_that_are_too_large_are_refused(self, stranger: Stranger, form: Make, hook: Make, came: Look) -> None:
        large = stranger.send(form(), ANA | {"message": "x" * 70_000})
        assert problem(large) == (413, "body_too_large")
        large = stranger.post(f"/p/capture/hooks/{hook()['key']}", json={"text": "x" * 300_000})
        assert problem(large) == (413, "body_too_large")
        assert came() == []

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"", "application/json"),
            (b"{", "application/json"),
            (b"\xff\xfe", "application/json"),
            (b"a=%ff%fe", "application/x-www-form-urlencoded"),
            (b"&".join(b"a%d=1" % number for number in range(501)), "application/x-www-form-urlencoded"),
        ],
    )
    def test_that_are_none_are_refused(self, stranger: Stranger, form: Make, body: bytes, kind: str) -> None:
        sent = stranger.post(f"/p/capture/forms/{form()['key']}", data=body, content_type=kind)
        if kind == "application/json":
            assert problem(sent) == (400, "malformed_json")
        else:
            # People see a page.
            assert sent.status_code in {400, 422}

    def test_of_other_types_are_refused(self, stranger: Stranger, form: Make) -> None:
        made = form()
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/xml"):
            sent = stranger.post(f"/p/capture/forms/{made['key']}", data=b"{}", content_type=kind)
            assert problem(sent) == (415, "unsupported_media_type")

    def test_nothing_but_what_the_form_shows_can_be_said(self, stranger: Stranger, form: Make, came: Look) -> None:
        made = form()
        strange = [
            "owner_id",
            "contact_id",
            "status",
            "tags",
            "source",
            "__proto__",
            "constructor",
            "lead.tier",
            "a/b~c",
        ]
        found = faults(stranger.send(made, ANA | dict.fromkeys(strange, "x")))
        escaped = {name.replace("~", "~0").replace("/", "~1") for name in strange}
        assert found == {f"/values/{name}": "unknown_field" for name in escaped}
        found = faults(stranger.send(made, ANA, owner_id="x", __proto__={"admin": True}))
        assert found == {"/owner_id": "unknown_field", "/__proto__": "unknown_field"}
        assert came() == []

    def test_values_of_another_shape_are_faults(self, stranger: Stranger, form: Make, came: Look) -> None:
        made = form()
        for name, value in (
            ("name", {"$ne": None}),
            ("name", ["Ana"]),
            ("email", True),
            ("adults", [1]),
            ("destinations", [{"a": 1}]),
            ("start_date", {"year": 2027}),
        ):
            assert faults(stranger.send(made, ANA | {name: value})) == {f"/values/{name}": "type"}, (name, value)
        assert faults(stranger.send(made, ANA | {"message": "nul \x00"})) == {"/values/message": "unsafe_text"}
        assert came() == []


class TestAddresses:
    def test_that_are_nobodys_are_not_found(self, agency: AgencyUnderTest, stranger: Stranger, form: Make) -> None:
        key = form()["key"]
        other = base64.urlsafe_b64encode(agency.id.bytes + b"0" * 16).decode().rstrip("=")
        for wrong in ("x", "", key[:-1], key + "A", other, "leads", "A" * 43, key.swapcase()):
            for path in (f"/p/capture/forms/{wrong}", f"/p/capture/forms/{wrong}/token", f"/app/capture/{wrong}"):
                assert stranger.get(path).status_code == 404, path
            assert stranger.post(f"/p/capture/forms/{wrong}", json={"values": ANA}).status_code in {404, 405}
            assert stranger.post(f"/p/capture/hooks/{wrong}", json={}).status_code in {404, 405}

    def test_a_key_of_one_agency_finds_nothing_in_another(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, stranger: Stranger, form: Make, came: Look
    ) -> None:
        raw = base64.urlsafe_b64decode(form()["key"] + "=")
        assert UUID(bytes=raw[:16]) == agency.id
        moved = base64.urlsafe_b64encode(other_agency.id.bytes + raw[16:]).decode().rstrip("=")
        assert stranger.post(f"/p/capture/forms/{moved}", json={"values": ANA}).status_code == 404

    def test_that_are_switched_off_or_deleted_answer_no_more(
        self, api: ApiClient, stranger: Stranger, form: Make, hook: Make
    ) -> None:
        off, gone, silent = form(), form(), hook()
        ok(api.patch(f"/capture/forms/{off['id']}", {"active": False}, version="*"))
        ok(api.patch(f"/capture/hooks/{silent['id']}", {"active": False}, version="*"))
        ok(api.delete(f"/capture/forms/{gone['id']}", version="*"), 204)
        for made in (off, gone):
            assert stranger.send(made, ANA).status_code == 404
            assert stranger.get(f"/p/capture/forms/{made['key']}").status_code == 404
            assert stranger.get(f"/app/capture/{made['key']}").status_code == 404
        assert stranger.post(f"/p/capture/hooks/{silent['key']}", json={}).status_code == 404

    def test_of_a_suspended_agency_answer_nothing(
        self, app: Application, agency: AgencyUnderTest, stranger: Stranger, form: Make, hook: Make
    ) -> None:
        made, heard = form(), hook(auth="header")
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            suspension.suspend()
        assert stranger.send(made, ANA).status_code == 404
        assert stranger.get(f"/p/capture/forms/{made['key']}").status_code == 404
        assert stranger.get(f"/app/capture/{made['key']}").status_code == 404
        proven = {"X-Webhook-Secret": heard["secret"]}
        assert stranger.post(f"/p/capture/hooks/{heard['key']}", json={}, headers=proven).status_code == 404

    def test_of_an_agency_that_does_without_the_plugin_answer_nothing(
        self, api: ApiClient, stranger: Stranger, form: Make
    ) -> None:
        made = form()
        ok(api.patch("/plugins/capture", {"enabled": False}, version="*"))
        assert stranger.send(made, ANA).status_code == 404


class TestOrigins:
    def test_only_pages_that_are_named_read_the_answer(self, stranger: Stranger, form: Make) -> None:
        made = form(origins=[SITE])
        path = f"/p/capture/forms/{made['key']}"
        theirs = stranger.get(path, headers={"Origin": SITE})
        assert theirs.headers["Access-Control-Allow-Origin"] == SITE
        assert "Origin" in theirs.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in theirs.headers
        for origin in (
            "https://evil.example",
            "null",
            "https://sunrise.example.evil.example",
            "http://sunrise.example",
        ):
            assert "Access-Control-Allow-Origin" not in stranger.get(path, headers={"Origin": origin}).headers

    def test_only_pages_that_are_named_send_it(self, stranger: Stranger, form: Make, came: Look) -> None:
        made = form(origins=[SITE])
        refused = stranger.send(made, ANA, headers={"Origin": "https://evil.example"})
        assert problem(refused) == (403, "origin_not_allowed")
        assert problem(stranger.send(made, ANA, headers={"Origin": "null"})) == (403, "origin_not_allowed")
        assert came() == []
        ok(stranger.send(made, ANA, headers={"Origin": SITE}), 201)
        # A server of theirs says no origin.
        ok(stranger.send(made, ANA | {"message": "More"}), 201)

    def test_a_preflight_is_the_same_for_all_and_only_where_pages_may_ask(
        self, stranger: Stranger, form: Make, hook: Make
    ) -> None:
        def preflight(path: str) -> dict[str, str]:
            answer = stranger.ask(path, Origin="https://anybody.example", Access_Control_Request_Method="POST")
            assert answer.status_code == 204
            return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}

        there = preflight(f"/p/capture/forms/{form(origins=[SITE])['key']}")
        assert there == preflight("/p/capture/forms/nobodys")
        assert there["Access-Control-Allow-Origin"] == "https://anybody.example"
        assert preflight(f"/p/capture/hooks/{hook()['key']}") == {}
        assert preflight("/api/v1/leads") == {}

    def test_without_any_named_all_send_and_none_read(self, stranger: Stranger, form: Make) -> None:
        sent = stranger.send(form(), ANA, headers={"Origin": "https://anybody.example"})
        ok(sent, 201)
        assert "Access-Control-Allow-Origin" not in sent.headers


class TestTwoAtOnce:
    def test_the_same_is_one_lead(self, app: Application, form: Make, leads: Look, came: Look) -> None:
        made = form()
        answers = _at_once(app, made, [ANA] * 6)
        assert answers == [201] * 6
        assert (len(leads()), len(came())) == (1, 1)

    def test_one_person_is_one_contact(self, app: Application, form: Make, leads: Look) -> None:
        made = form()
        assert _at_once(app, made, [ANA | {"message": f"Number {number}"} for number in range(6)]) == [201] * 6
        assert len(leads()) == 6
        assert len({lead["contact_id"] for lead in leads()}) == 1

    def test_who_decides_about_the_same_makes_one_lead(
        self, app: Application, api: ApiClient, stranger: Stranger, form: Make, leads: Look, came: Look
    ) -> None:
        ok(stranger.send(form(), ANA, website="x"), 201)
        kept = came()[0]["id"]
        codes: list[int] = []

        def accept() -> None:
            mine = ApiClient(app, api.token)
            codes.append(mine.post(f"/capture/submissions/{kept}/accept").status_code)

        _together([accept] * 4)
        assert sorted(codes) == [200, 409, 409, 409]
        assert len(leads()) == 1


class TestTexts:
    def test_nothing_that_is_written_becomes_html(self, api: ApiClient, stranger: Stranger, form: Make) -> None:
        evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
        consent = {"purpose": "newsletter", "text": evil, "version": "1", "channels": ["email"], "required": True}
        field = {"name": "message", "label": evil, "help": evil}
        made = form(title=evil, intro=evil, thanks=evil, button=evil, consents=[consent], fields=[*FIELDS[:2], field])
        page = stranger.get(f"/app/capture/{made['key']}").get_data(as_text=True)
        again = stranger.post(f"/p/capture/forms/{made['key']}", data={"email": evil, "name": evil, "message": evil})
        thanks = stranger.get(f"/app/capture/{made['key']}/thanks").get_data(as_text=True)
        snippet = ok(api.get(f"/capture/forms/{made['id']}/embed"))
        for html in (page, again.get_data(as_text=True), thanks, snippet["html"], snippet["iframe"]):
            assert "<script" not in html
            assert "<img" not in html
        assert "&lt;script&gt;" in page
        assert again.status_code == 422

    def test_the_policy_lets_no_script_run(self, stranger: Stranger, form: Make) -> None:
        made = form(origins=[SITE], redirect_url="https://other.example/thanks")
        policy = stranger.get(f"/app/capture/{made['key']}").headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert f"frame-ancestors 'self' {SITE}" in policy
        assert "form-action 'self' https://other.example;" in policy

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("redirect_url", "javascript:alert(1)"),
            ("redirect_url", "https://sunrise.example/\r\nSet-Cookie: a=b"),
            ("redirect_url", "http://sunrise.example/"),
            ("redirect_url", "https://user:pass@sunrise.example/"),
            ("color", "red;}</style><script>"),
            ("origins", ["*"]),
            ("origins", ["https://a.example; script-src *"]),
            ("origins", ["null"]),
        ],
    )
    def test_what_would_break_out_is_refused_where_it_is_set(
        self, api: ApiClient, form: Make, name: str, value: Any
    ) -> None:
        body = {"name": "Website", "fields": FIELDS, name: value}
        assert api.post("/capture/forms", body).status_code == 422


def _at_once(app: Application, made: dict[str, Any], bodies: list[dict[str, Any]]) -> list[int]:
    codes: list[int] = []

    def send(body: dict[str, Any]) -> None:
        sent = app.test_client().post(
            f"/p/capture/forms/{made['key']}",
            data=json.dumps({"values": body}),
            content_type="application/json",
            environ_base={"REMOTE_ADDR": "198.19.0.1"},
        )
        codes.append(sent.status_code)

    app.extensions["tripfile.limits"].counters.reset()
    _together([lambda body=body: send(body) for body in bodies])  # type: ignore[misc] # each its own
    return codes


def _together(calls: list[Callable[[], None]]) -> None:
    begin = threading.Barrier(len(calls))

    def one(call: Callable[[], None]) -> None:
        begin.wait()
        call()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
