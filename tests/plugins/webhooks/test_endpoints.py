"""Endpoints: added, changed, disabled, with secrets of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from core.config import Settings
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.webhooks.settings import WebhookSettings
from tests.plugins.webhooks.conftest import Background, Receiver

Add = Callable[..., dict[str, Any]]
ADDRESS = "/webhooks/endpoints"


class TestAdding:
    def test_shows_the_secret_this_once(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        made = add(receiver)
        assert made["secret"].startswith("whsec_")
        shown = ok(api.get(f"{ADDRESS}/{made['id']}"))
        assert "secret" not in shown
        assert shown == {name: value for name, value in made.items() if name != "secret"}
        assert made["secret"] not in api.get(ADDRESS).get_data(as_text=True)

    def test_answers_are_kept_nowhere(self, api: ApiClient, receiver: Receiver) -> None:
        body = {"url": receiver.url, "events": ["*"]}
        response = api.post(ADDRESS, body, headers={"Idempotency-Key": "once"})
        assert response.headers["Cache-Control"] == "no-store"
        again = ok(api.post(ADDRESS, body, headers={"Idempotency-Key": "once"}), 201)
        assert again["secret"] != ok(response)["secret"]

    def test_stores_the_secret_sealed(self, add: Add, receiver: Receiver, settings: Settings) -> None:
        secret = add(receiver)["secret"]
        assert settings.database_owner_url is not None
        url = make_url(settings.database_owner_url.get_secret_value())
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            rows = connection.execute("SELECT t::text FROM webhooks_endpoint t").fetchall()
            logged = connection.execute("SELECT e::text FROM core_event e WHERE name LIKE 'webhooks.%'").fetchall()
        assert rows
        assert logged
        assert not [row for row in [*rows, *logged] if secret in row[0] or secret.removeprefix("whsec_") in row[0]]
        # What an address says beyond its host may be a key.
        assert not [row for row in logged if "key-of-theirs" in row[0]]

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://10.0.0.1/hooks", "refused_address"),
            ("https://169.254.169.254/latest/meta-data", "refused_address"),
            ("https://[::ffff:127.0.0.1]/", "refused_address"),
            ("https://2130706433/", "refused_address"),
            ("https://ana:word@hooks.example.com/", "refused_address"),
            ("http://8.8.8.8/hooks", "refused_address"),
            ("https://8.8.8.8:22/hooks", "refused_address"),
            ("https://hooks.invalid/", "unreachable_address"),
            ("ftp://hooks.example.com/", "pattern"),
            ("https://hooks.example.com/a b", "pattern"),
        ],
    )
    def test_refuses_addresses_that_cannot_be_reached(self, api: ApiClient, url: str, code: str) -> None:
        assert faults(api.post(ADDRESS, {"url": url, "events": ["*"]})) == {"/url": code}

    def test_names_every_event_there_is_not(self, api: ApiClient, receiver: Receiver) -> None:
        events = ["leads.lead_won", "leads.lead_exploded", "cruises.*", "leads.*", "*"]
        response = api.post(ADDRESS, {"url": receiver.url, "events": events})
        assert faults(response) == {"/events/1": "unknown_event", "/events/2": "unknown_event"}
        assert "leads.lead_exploded" in response.get_data(as_text=True)

    @pytest.mark.parametrize("events", [[], ["leads"], ["leads.*.won"], ["*.lead_won"], [""], ["LEADS.*"]])
    def test_refuses_what_names_no_event(self, api: ApiClient, receiver: Receiver, events: list[str]) -> None:
        assert api.post(ADDRESS, {"url": receiver.url, "events": events}).status_code == 422

    def test_ends_at_the_limit(
        self, api: ApiClient, add: Add, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = WebhookSettings.model_validate({"most_endpoints": 2})
        monkeypatch.setattr("plugins.webhooks.service.endpoints.settings_of", lambda kind: few)
        add(receiver)
        add(receiver)
        refused = api.post(ADDRESS, {"url": receiver.url, "events": ["*"]})
        assert problem(refused) == (409, "webhook_endpoints_exhausted")

    def test_is_for_those_who_may_manage_webhooks(self, agency: AgencyUnderTest, receiver: Receiver) -> None:
        for role in ("manager", "agent", "read_only"):
            member = agency.member(role)
            assert problem(member.get(ADDRESS)) == (403, "forbidden")
            assert problem(member.post(ADDRESS, {"url": receiver.url, "events": ["*"]})) == (403, "forbidden")

    def test_can_choose_among_all_events(self, api: ApiClient) -> None:
        listed = {each["name"]: each["summary"] for each in ok(api.get("/webhooks/events"))["items"]}
        assert listed["leads.lead_won"] == "The client said yes."
        assert "webhooks.endpoint_disabled" in listed


class TestChanging:
    def test_takes_a_version(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        made = add(receiver)
        where = f"{ADDRESS}/{made['id']}"
        assert problem(api.patch(where, {"description": "Ours"})) == (428, "precondition_required")
        changed = ok(api.patch(where, {"description": "Ours", "events": ["*", "*"]}, version=made["version"]))
        assert (changed["description"], changed["events"]) == ("Ours", ["*"])
        assert problem(api.patch(where, {"description": "X"}, version=made["version"])) == (412, "precondition_failed")

    def test_checks_the_new_address_and_events(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        where = f"{ADDRESS}/{add(receiver)['id']}"
        response = api.patch(where, {"url": "https://10.0.0.1/", "events": ["leads.nothing"]}, version="*")
        assert faults(response) == {"/url": "refused_address", "/events/0": "unknown_event"}

    def test_looks_the_name_up_without_a_connection(
        self, app: Application, api: ApiClient, add: Add, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = f"{ADDRESS}/{add(receiver)['id']}"
        busy: list[int] = []

        def look_up(*_: object) -> list[IPv4Address]:
            busy.extend(engine.pool.checkedout() for engine in db.engines.values())  # type: ignore[attr-defined] # QueuePool
            return [IPv4Address("127.0.0.1")]

        monkeypatch.setattr("core.outbound.client.look_up", look_up)
        ok(api.patch(path, {"url": "https://hooks.example.com/other"}, version="*"))
        assert busy
        assert not any(busy)

    def test_tells_nothing_where_nothing_changed(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        made = add(receiver)
        same = ok(api.patch(f"{ADDRESS}/{made['id']}", {"enabled": True, "events": made["events"]}, version="*"))
        assert same["version"] == made["version"]

    def test_disables_and_enables(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        where = f"{ADDRESS}/{add(receiver)['id']}"
        off = ok(api.patch(where, {"enabled": False}, version="*"))
        assert (off["enabled"], off["disabled_reason"]) == (False, "by_hand")
        assert off["disabled_at"]
        on = ok(api.patch(where, {"enabled": True}, version="*"))
        assert (on["enabled"], on["disabled_reason"], on["disabled_at"]) == (True, None, None)
        names = [each["name"] for each in ok(api.get("/audit"))["items"]]
        assert names[:2] == ["webhooks.endpoint_enabled", "webhooks.endpoint_disabled"]


class TestDeleting:
    def test_hides_it_and_ends_what_was_to_be_sent(
        self,
        api: ApiClient,
        add: Add,
        receiver: Receiver,
        background: Background,
        happen: Callable[[], Any],
    ) -> None:
        receiver.status = 500
        made = add(receiver)
        happen()
        background.work()
        ok(api.delete(f"{ADDRESS}/{made['id']}", version="*"), 204)
        assert problem(api.get(f"{ADDRESS}/{made['id']}"))[0] == 404
        assert problem(api.get(f"{ADDRESS}/{made['id']}/deliveries"))[0] == 404
        receiver.received.clear()
        background.work(later=timedelta(hours=1))
        assert receiver.received == []


class TestSecrets:
    def test_can_be_rotated(self, api: ApiClient, add: Add, receiver: Receiver) -> None:
        made = add(receiver)
        rotated = api.post(f"{ADDRESS}/{made['id']}/secret")
        assert rotated.headers["Cache-Control"] == "no-store"
        assert ok(rotated)["secret"] != made["secret"]
        shown = ok(api.get(f"{ADDRESS}/{made['id']}"))
        assert shown["previous_secret_until"] == ok(rotated)["previous_secret_until"]
