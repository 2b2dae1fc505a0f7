"""Hooks that others send to: who is believed, how it is read, and that nothing is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks.webhooks import Webhook
from werkzeug.test import TestResponse

from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from tests.plugins.capture.conftest import MAPPING, Stranger

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]
BODY = {"first": "Ana", "last": "Duarte", "contact": {"email": "ana@example.com"}, "text": "Lions!"}


def sign(hook: dict[str, Any], body: bytes, *, number: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(hook["secret"]).sign(number, at, body.decode())
    return {"webhook-id": number, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def deliver(stranger: Stranger, hook: dict[str, Any], body: Any, headers: dict[str, str] | None = None) -> TestResponse:
    data = json.dumps(body).encode()
    sent = {"content-type": "application/json"} | (sign(hook, data) if headers is None else headers)
    return stranger.post(f"/p/capture/hooks/{hook['key']}", data=data, headers=sent)


class TestReceiving:
    def test_makes_a_lead_as_the_mapping_says(
        self, api: ApiClient, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook(defaults={"source": "travel_fair", "tags": ["fair"]})
        assert made["url"].endswith(f"/p/capture/hooks/{made['key']}")
        told = ok(deliver(stranger, made, BODY), 202)
        (kept,) = came()
        assert told == {"id": kept["id"], "state": "accepted"}
        lead = ok(api.get(f"/leads/{leads()[0]['id']}"))
        assert (lead["contact_name"], lead["contact_email"]) == ("Ana Duarte", "ana@example.com")
        assert (lead["source"], lead["tags"]) == ("travel_fair", ["fair"])
        shown = ok(api.get(f"/capture/submissions/{kept['id']}"))
        assert json.loads(shown["body"]) == BODY
        assert shown["sender"] == "ana@example.com"

    @pytest.mark.parametrize(
        ("data", "kind"),
        [(b"e-mail=\xff", "application/x-www-form-urlencoded"), (b'{"a": "\xff"}', "application/json")],
    )
    def test_refuses_what_is_no_text(self, stranger: Stranger, hook: Make, came: Look, data: bytes, kind: str) -> None:
        made = hook(auth="header")
        headers = {"X-Webhook-Secret": made["secret"]}
        sent = stranger.post(f"/p/capture/hooks/{made['key']}", data=data, content_type=kind, headers=headers)
        assert sent.status_code == 400
        assert came() == []

    def test_reads_forms_as_well(self, stranger: Stranger, hook: Make, leads: Look) -> None:
        mapping = [{"type": "take", "field": "email", "path": "/e-mail"}]
        made = hook(mapping=mapping, auth="header")
        sent = stranger.post(
            f"/p/capture/hooks/{made['key']}",
            data={"e-mail": "ana@example.com"},
            headers={"X-Webhook-Secret": made["secret"]},
        )
        assert ok(sent, 202)["state"] == "accepted"
        assert leads()[0]["contact_name"] == "ana@example.com"


class TestBelieving:
    def test_only_what_is_signed_with_its_secret_just_now(self, stranger: Stranger, hook: Make, came: Look) -> None:
        made, other = hook(), hook()
        data = json.dumps(BODY).encode()
        good = sign(made, data)
        old = sign(made, data, at=datetime.now(UTC) - timedelta(minutes=6))
        ahead = sign(made, data, at=datetime.now(UTC) + timedelta(minutes=6))
        bad = [
            {},
            old,
            ahead,
            sign(other, data),
            sign(made, data + b" "),
            good | {"webhook-id": "msg_2"},
            good | {"webhook-timestamp": "now"},
            good | {"webhook-timestamp": "9" * 30},
            good | {"webhook-signature": ""},
            good | {"webhook-signature": "v1,"},
            good | {"webhook-signature": good["webhook-signature"].replace("v1,", "v2,")},
        ]
        for headers in bad:
            assert problem(deliver(stranger, made, BODY, headers)) == (401, "hook_not_authenticated"), headers
        assert came() == []
        several = good | {"webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
        ok(deliver(stranger, made, BODY, several), 202)

    def test_a_secret_in_the_header_that_was_named(self, stranger: Stranger, hook: Make) -> None:
        made = hook(auth="header", header="Authorization")
        for wrong in ({}, {"Authorization": "x"}, {"X-Webhook-Secret": made["secret"]}, sign(made, b"{}")):
            assert problem(deliver(stranger, made, BODY, wrong)) == (401, "hook_not_authenticated")
        ok(deliver(stranger, made, BODY, {"Authorization": f"Bearer {made['secret']}"}), 202)
        ok(deliver(stranger, made, BODY, {"Authorization": made["secret"]}), 202)

    def test_a_user_and_the_secret_as_password(self, stranger: Stranger, hook: Make) -> None:
        made = hook(auth="basic")

        def basic(user: str, password: str) -> dict[str, str]:
            return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}

        for wrong in ({}, basic("hook", "x"), basic("admin", made["secret"]), {"Authorization": "Basic ###"}):
            assert problem(deliver(stranger, made, BODY, wrong)) == (401, "hook_not_authenticated")
        ok(deliver(stranger, made, BODY, basic("hook", made["secret"])), 202)

    def test_the_secret_before_is_good_for_a_day(self, api: ApiClient, stranger: Stranger, hook: Make) -> None:
        made = hook(auth="header")
        new = ok(api.post(f"/capture/hooks/{made['id']}/secret"))
        both = [{"X-Webhook-Secret": each} for each in (made["secret"], new["secret"])]
        for headers in both:
            ok(deliver(stranger, made, BODY, headers), 202)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
            assert deliver(stranger, made, BODY, both[0]).status_code == 401
            ok(deliver(stranger, made, BODY, both[1]), 202)

    def test_a_secret_is_shown_once(self, api: ApiClient, hook: Make) -> None:
        made = hook()
        assert made["secret"].startswith("whsec_")
        assert "secret" not in ok(api.get(f"/capture/hooks/{made['id']}"))


class TestNothingIsLost:
    def test_what_cannot_be_read_is_kept_and_read_again_with_another_mapping(
        self, api: ApiClient, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook()
        bodies = [{"mail": f"person{number}@example.com", "first": "Ana"} for number in range(3)]
        for number, body in enumerate(bodies):
            data = json.dumps(body).encode()
            told = ok(deliver(stranger, made, body, sign(made, data, number=f"msg_{number}")), 202)
            assert told["state"] == "faulty"
        assert leads() == []
        faulty = came(f"state=faulty&hook_id={made['id']}")
        assert len(faulty) == 3
        again = {"action": {"type": "accept"}, "filter": {"state": "faulty", "hook_id": made["id"]}}
        tried = ok(api.post("/capture/bulk", again, headers={"Idempotency-Key": "too-soon"}))
        assert (tried["done"], tried["failed"]) == (0, 3)
        assert {(row["status"], row["code"], row["errors"][0]["pointer"]) for row in tried["rows"]} == {
            (422, "invalid", "/values/email")
        }
        assert came(f"state=faulty&hook_id={made['id']}") == faulty
        mapping = [MAPPING[0], {"type": "take", "field": "email", "path": "/mail"}]
        ok(api.patch(f"/capture/hooks/{made['id']}", {"mapping": mapping}, version="*"))
        done = ok(api.post("/capture/bulk", again, headers={"Idempotency-Key": "again"}))
        assert (done["done"], done["failed"]) == (3, 0)
        assert len(leads()) == 3
        assert came("state=faulty") == []

    def test_who_looks_at_it_is_told_what_is_wrong(
        self, api: ApiClient, stranger: Stranger, hook: Make, came: Look
    ) -> None:
        mapping = [*MAPPING, {"type": "date", "field": "start_date", "path": "/when", "format": "DD/MM/YYYY"}]
        made = hook(mapping=mapping)
        ok(deliver(stranger, made, BODY | {"when": "14.5.2027"}), 202)
        shown = ok(api.get(f"/capture/submissions/{came()[0]['id']}"))
        assert [(each["pointer"], each["code"]) for each in shown["faults"]] == [("/values/start_date", "format")]
        assert faults(api.post(f"/capture/submissions/{shown['id']}/accept")) == {"/values/start_date": "format"}
        assert ok(api.get(f"/capture/submissions/{shown['id']}")) == shown

    def test_of_a_deleted_hook_it_stays_and_nothing_is_made_of_it(
        self, api: ApiClient, stranger: Stranger, hook: Make, came: Look
    ) -> None:
        made = hook()
        ok(deliver(stranger, made, {"first": "Ana"}), 202)
        ok(api.delete(f"/capture/hooks/{made['id']}", version="*"), 204)
        kept = came()[0]["id"]
        assert problem(api.post(f"/capture/submissions/{kept}/accept")) == (409, "capture_nothing_left")

    def test_a_lead_is_made_once(self, api: ApiClient, stranger: Stranger, hook: Make, came: Look) -> None:
        ok(deliver(stranger, hook(), BODY), 202)
        kept = came()[0]["id"]
        for verb in ("accept", "reject"):
            answer = api.post(f"/capture/submissions/{kept}/{verb}")
            assert problem(answer) == (409, "capture_is_a_lead_already")


class TestTrying:
    def test_shows_what_would_become_of_it_and_does_nothing(
        self, api: ApiClient, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook(defaults={"source": "fair"})
        events = ok(api.get("/events?limit=200"))["items"]
        tried = ok(api.post(f"/capture/hooks/{made['id']}/try", {"sample": BODY}))
        assert tried["values"] == {"name": "Ana Duarte", "email": "ana@example.com", "message": "Lions!"}
        assert (tried["lead"]["source"], tried["faults"]) == ("fair", [])
        assert (leads(), came()) == ([], [])
        assert ok(api.get("/contacts"))["items"] == []
        assert ok(api.get("/events?limit=200"))["items"] == events

    def test_tells_faults_where_they_are_and_takes_another_mapping(self, api: ApiClient, hook: Make) -> None:
        made = hook()
        tried = ok(api.post(f"/capture/hooks/{made['id']}/try", {"sample": {"contact": {"email": "nobody"}}}))
        assert (tried["lead"], [each["pointer"] for each in tried["faults"]]) == (None, ["/values/email"])
        mapping = [{"type": "take", "field": "phone", "path": "/0"}]
        body = {"sample": ["+351912345678"], "mapping": mapping}
        assert ok(api.post(f"/capture/hooks/{made['id']}/try", body))["lead"]["kind"] == "fit"

    def test_tells_all_faults_and_what_the_rest_of_the_mapping_gave(
        self, api: ApiClient, stranger: Stranger, hook: Make, came: Look
    ) -> None:
        day = {"type": "date", "field": "start_date", "path": "/when", "format": "DD/MM/YYYY"}
        made = hook(mapping=[*MAPPING, day])
        sample = {"first": "Ana", "contact": {"email": "nobody"}, "when": "x"}
        tried = ok(api.post(f"/capture/hooks/{made['id']}/try", {"sample": sample}))
        expected = [("/values/start_date", "format"), ("/values/email", "pattern")]
        assert (tried["values"], tried["lead"]) == ({"name": "Ana", "email": "nobody"}, None)
        assert [(each["pointer"], each["code"]) for each in tried["faults"]] == expected
        ok(deliver(stranger, made, sample), 202)
        kept = ok(api.get(f"/capture/submissions/{came()[0]['id']}"))
        assert [(each["pointer"], each["code"]) for each in kept["faults"]] == expected

    def test_does_not_tell_who_is_known(self, api: ApiClient, hook: Make) -> None:
        ok(api.post("/contacts", {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}), 201)
        sample = {"contact": {"email": "ana@example.com"}}
        made = hook()
        new = ok(api.post(f"/capture/hooks/{made['id']}/try", {"sample": {"contact": {"email": "new@example.com"}}}))
        tried = ok(api.post(f"/capture/hooks/{made['id']}/try", {"sample": sample}))
        assert "Duarte" not in json.dumps(tried)
        assert (tried["lead"], tried.keys()) == (new["lead"], new.keys())


class TestSettingUp:
    @pytest.mark.parametrize(
        ("mapping", "expected"),
        [
            ([{"type": "take", "field": "email", "path": "mail"}], {"/mapping/0/path": "pattern"}),
            (
                [{"type": "take", "field": "emial", "path": "/a"}],
                {"/mapping/0/field": "unknown", "/mapping": "unreachable"},
            ),
            ([{"type": "take", "field": "name", "path": "/a"}], {"/mapping": "unreachable"}),
            ([MAPPING[1], MAPPING[1]], {"/mapping/0/field": "duplicate", "/mapping/1/field": "duplicate"}),
            (
                [MAPPING[1], {"type": "date", "field": "start_date", "path": "/a", "format": "DD/DD/YYYY"}],
                {"/mapping/1/format": "format"},
            ),
            ([MAPPING[1], {"type": "take", "field": "lead.nothing", "path": "/a"}], {"/mapping/1/field": "unknown"}),
        ],
    )
    def test_a_mapping_is_checked_where_it_is_saved(
        self, api: ApiClient, mapping: list[Any], expected: dict[str, str]
    ) -> None:
        assert faults(api.post("/capture/hooks", {"name": "Fair", "mapping": mapping})) == expected

    def test_there_are_so_many_and_no_more(
        self, app: Application, api: ApiClient, hook: Make, form: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.extensions["tripfile.plugins"].settings["capture"], "most_sources", 1)
        hook()
        form()
        again = api.post("/capture/hooks", {"name": "Fair", "mapping": MAPPING})
        assert problem(again) == (409, "capture_sources_exhausted")
        again = api.post("/capture/forms", {"name": "Website", "fields": [{"name": "email"}]})
        assert problem(again) == (409, "capture_sources_exhausted")

    def test_what_is_named_must_be_the_agencys(self, api: ApiClient, other_agency: Any) -> None:
        stranger_id = str(other_agency.member("owner").user_id)
        body = {"name": "Fair", "mapping": MAPPING, "owner_id": stranger_id, "defaults": {"currency": "XXZ"}}
        found = faults(api.post("/capture/hooks", body))
        assert found == {"/owner_id": "unknown", "/defaults/currency": "currency"}
