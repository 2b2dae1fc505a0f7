"""Messages: what arrives, when it is tried again, and what the log tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks.webhooks import WebhookVerificationError

from core import clock
from core.keyring.rings import ring
from core.privacy import keeping
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads.api import LeadCreated
from plugins.webhooks.service.sending import excerpt
from tests.plugins.webhooks.asking import deliveries, shown, verified
from tests.plugins.webhooks.conftest import Background, Receiver

Add = Callable[..., dict[str, Any]]
Happen = Callable[..., dict[str, Any]]
SEND = "webhooks.deliver"


class TestMessages:
    def test_are_what_standard_webhooks_asks_for(
        self, agency: AgencyUnderTest, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        lead = happen()
        background.work()
        (received,) = receiver.received
        message = verified(endpoint["secret"], received)
        assert message == received.said
        assert list(message) == ["type", "timestamp", "data"]
        assert message["type"] == "leads.lead_created"
        assert message["data"]["payload"]["reference"] == lead["reference"]
        told = {name: message["data"][name] for name in ("agency_id", "subject", "subject_id", "version")}
        assert told == {
            "agency_id": str(agency.id),
            "subject": "leads.lead",
            "subject_id": lead["id"],
            "version": LeadCreated.schema_version,
        }
        assert message["data"]["seq"] > 0
        assert received.headers["webhook-id"].startswith("msg_")
        assert received.headers["content-type"] == "application/json"

    def test_that_are_forged_are_not_taken(
        self, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        happen()
        background.work()
        (received,) = receiver.received
        for forged in (
            received._replace(body=received.body + b" "),
            received._replace(headers=received.headers | {"webhook-id": "msg_other"}),
            received._replace(headers=received.headers | {"webhook-timestamp": "1"}),
        ):
            with pytest.raises(WebhookVerificationError):
                verified(endpoint["secret"], forged)

    def test_go_to_each_endpoint_that_listens(
        self,
        add: Add,
        receivers: Callable[[], Receiver],
        background: Background,
        happen: Happen,
        api: ApiClient,
    ) -> None:
        one, other, third = receivers(), receivers(), receivers()
        add(one, "leads.lead_created", "leads.*")
        add(other, "contacts.*")
        add(third, "*")
        background.work()
        for each in (one, other, third):
            each.received.clear()
        happen()
        background.work()
        assert one.events == ["leads.lead_created"]
        assert other.events == ["contacts.contact_created"]
        assert sorted(third.events) == ["contacts.contact_created", "leads.lead_created"]
        # The same event has the same id wherever it goes.
        ids = {each.said["type"]: each.headers["webhook-id"] for each in third.received}
        assert one.received[0].headers["webhook-id"] == ids["leads.lead_created"]

    def test_are_not_made_of_what_happened_before(
        self, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        happen()
        add(receiver)
        background.work()
        assert receiver.received == []

    def test_stay_in_their_agency(
        self,
        add: Add,
        receiver: Receiver,
        background: Background,
        happen: Happen,
        other_agency: AgencyUnderTest,
    ) -> None:
        add(receiver, "*")
        background.work()
        receiver.received.clear()
        happen(by=other_agency.member("owner"))
        Background(background.app, other_agency.id).work()
        background.work()
        assert receiver.received == []

    def test_are_signed_twice_while_a_secret_rotates(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        new = ok(api.post(f"/webhooks/endpoints/{endpoint['id']}/secret"))["secret"]
        happen()
        background.work()
        (received,) = receiver.received
        assert verified(endpoint["secret"], received) == verified(new, received)
        assert len(received.headers["webhook-signature"].split()) == 2
        receiver.status = 500
        happen()
        background.work()
        receiver.received.clear()
        # A day later the old one is worth nothing.
        later = timedelta(hours=25)
        with time_machine.travel(clock.now() + later, tick=True):
            background.work()
            received = receiver.received[-1]
            verified(new, received)
            with pytest.raises(WebhookVerificationError):
                verified(endpoint["secret"], received)

    def test_wait_for_a_new_secret_where_the_old_one_cannot_be_opened(
        self,
        api: ApiClient,
        add: Add,
        receiver: Receiver,
        background: Background,
        happen: Happen,
    ) -> None:
        endpoint = add(receiver)
        happen()
        with background.app.app_context():
            old = ring("vault").current()
            ring("vault").rotate()
            ring("vault").drop(old.id)
        background.work()
        (delivery,) = deliveries(api, endpoint)
        assert delivery["error"] == "The endpoint's secret can no longer be read: give it a new one"
        new = ok(api.post(f"/webhooks/endpoints/{endpoint['id']}/secret"))["secret"]
        assert new
        assert receiver.received == []


class TestTheLog:
    def test_tells_of_every_attempt(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status, receiver.body = 500, b"ana@example.com called +351 912 345 678: token=abcdef " + b"x" * 2000
        happen()
        background.work()
        (delivery,) = deliveries(api, endpoint)
        assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("waiting", 1, 500)
        assert delivery["error"] == "The endpoint answered 500 (Internal Server Error)"
        assert delivery["next_attempt_at"]
        receiver.status, receiver.body = 200, b""
        background.work(later=timedelta(seconds=10))
        (delivery,) = deliveries(api, endpoint, "?state=delivered&event=leads.lead_created")
        assert (delivery["attempts"], delivery["error"], delivery["next_attempt_at"]) == (2, None, None)
        log = shown(api, delivery)["log"]
        assert [(each["number"], each["status"]) for each in log] == [(2, 200), (1, 500)]
        assert all(each["milliseconds"] >= 0 for each in log)
        said = log[1]["response"]
        assert len(said) <= 1024
        for secret in ("ana@example.com", "912 345 678", "abcdef"):
            assert secret not in said
        assert json.loads(shown(api, delivery)["body"]) == receiver.received[0].said
        # The same message at every attempt, signed anew.
        assert receiver.received[0].body == receiver.received[1].body
        assert receiver.received[0].headers["webhook-id"] == receiver.received[1].headers["webhook-id"]

    def test_tells_why_nothing_could_be_sent(
        self, api: ApiClient, add: Add, receivers: Callable[[], Receiver], background: Background, happen: Happen
    ) -> None:
        gone = receivers()
        endpoint = add(gone)
        gone.close()
        happen()
        background.work()
        (delivery,) = deliveries(api, endpoint)
        assert (delivery["status"], delivery["error"]) == (None, "No connection: Connection refused")

    def test_redirects_are_failures(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status, receiver.headers = 302, {"Location": "http://169.254.169.254/"}
        happen()
        background.work()
        (delivery,) = deliveries(api, endpoint)
        assert delivery["error"] == "The endpoint answered 302 (Found); redirects are not followed"

    def test_is_cleared_after_a_while(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint, doomed = add(receiver), add(receiver)
        happen()
        background.work()
        ok(api.delete(f"/webhooks/endpoints/{doomed['id']}", version="*"), 204)
        receiver.status = 500
        happen()
        background.work()
        with time_machine.travel(clock.now() + timedelta(days=29)), background.unit():
            assert not keeping.apply("webhooks.deliveries")
        assert len(deliveries(api, endpoint)) == 2
        with time_machine.travel(clock.now() + timedelta(days=31)), background.unit():
            assert not keeping.apply("webhooks.deliveries")
        # What is not finished stays.
        assert [each["state"] for each in deliveries(api, endpoint)] == ["waiting"]

    def test_keeps_no_control_characters(self) -> None:
        assert excerpt(b"a\x00b\x1b[31m\xff") == "a\ufffdb\ufffd[31m\ufffd"
        assert excerpt(b"") is None
