"""Fields that only some may see, in what keeps or sends everything: the audit log and webhooks."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from core import clock
from core.actor import Actor, Scope, system
from core.audit import guards
from core.audit.schemas import EventView
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import following
from core.http.application import Application
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.webhooks.service import messages
from tests.security.test_field_rules import (
    EUR,
    FARE,
    PRICE,
    costs,
    settings,  # noqa: F401 - a fixture: the plugin whose fields are hidden
)


class TestTheLog:
    @pytest.fixture
    def auditor(self, api: ApiClient, agency: AgencyUnderTest) -> ApiClient:
        grants = {"audit.read": "all", "audit.export": "all"}
        ok(api.post("/roles", {"code": "auditor", "name": "Auditor", "permissions": grants}), 201)
        ok(api.post("/fares", PRICE), 201)
        return agency.newcomer("auditor")

    def test_keeps_it_from_who_reads_it_alone(self, api: ApiClient, auditor: ApiClient) -> None:
        path = "/audit?name=fares.fare_changed"
        for reader, number in ((auditor, 0), (api, 1)):
            (item,) = ok(reader.get(path))["items"]
            assert (item["payload"]["fare_id"], costs(item)) == (FARE.removeprefix("/fares/"), number)

    @pytest.mark.parametrize("form", ["ndjson", "csv"])
    def test_keeps_it_out_of_files(self, api: ApiClient, auditor: ApiClient, form: str) -> None:
        for reader, number in ((auditor, 0), (api, 1)):
            answer = reader.post(f"/audit/export?form={form}&name=fares.fare_changed")
            assert answer.get_data(as_text=True).replace('""', '"').count('"cost"') == number

    def test_keeps_columns_of_it_back_though_the_event_does_not_speak_of_them(
        self, app: Application, agency: AgencyUnderTest
    ) -> None:
        changed = {"cost_minor": 7777, "price_minor": 12000, "parts": [{"cost": EUR, "name": "Window"}]}
        event = event_of(name="fares.fare_renamed", payload={}, before=changed, after=None)
        actor = Actor(kind="user", agency_id=agency.id, grants={"audit.read": Scope.ALL})
        with app.app_context(), unit_of_work():
            with acting_as(actor):
                assert guards.seen(event, {}).before == {"price_minor": 12000, "parts": [{"name": "Window"}]}
            with acting_as(system(agency.id)):
                assert guards.seen(event, {}) == event


class TestWebhooks:
    def test_tell_nobody(self, app: Application, agency: AgencyUnderTest) -> None:
        ok(agency.member("owner").post("/fares", PRICE), 201)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            told = next(each for each in following.after(0, limit=200) if each.name == "fares.fare_changed")
            said = json.loads(messages.body_of(told))["data"]
            gone = json.loads(messages.body_of(msgspec.structs.replace(told, name="fares.fare_forgotten")))["data"]
        assert said["payload"] == {"fare_id": FARE.removeprefix("/fares/")}
        assert gone["payload"] == {}


def event_of(**told: Any) -> EventView:
    """An event as the log shows it."""
    names = ("actor_id", "impersonator_id", "key_id", "ip", "user_agent", "request_id", "reason")
    here = {"id": str(uuid4()), "seq": 1, "schema_version": 1, "occurred_at": clock.now(), "subject_id": str(uuid4())}
    said = {**dict.fromkeys(names), **here, "subject": "fares.fare", "actor_kind": "user", **told}
    return msgspec.convert(said, EventView)
