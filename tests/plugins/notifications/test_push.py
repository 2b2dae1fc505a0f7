"""Pushing notifications to an address of the person's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from core import clock, ids
from core.config import Settings
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.notifications import api as notifications
from plugins.notifications import jobs
from plugins.notifications.service.push import WAITS
from tests.core.outbound.conftest import Conversation, Listener, answering


class Phone:
    """A person's own receiver on the loopback."""

    def __init__(self, person: ApiClient, background: Any) -> None:
        self.person = person
        self.background = background
        self.bodies: list[bytes] = []
        self.answer: Conversation = answering()
        self.listener = Listener(self._converse)
        self.secret = ""

    def _converse(self, connection: Any, head: bytes) -> None:
        top, _, body = head.partition(b"\r\n\r\n")
        length = int(next(line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length")).split()[1])
        while len(body) < length:
            body += connection.recv(65_536)
        self.bodies.append(body)
        self.answer(connection, head)

    def set_up(self) -> None:
        address = {"url": f"http://127.0.0.1:{self.listener.port}/ana"}
        self.secret = ok(self.person.call("PUT", "/notifications/push", json=address))["secret"]
        wanted = {"kinds": {"leads.assigned": {"push": "now"}}}
        ok(self.person.patch("/notifications/preferences", wanted))

    def tell(self) -> None:
        with self.background.work():
            assert self.person.user_id is not None
            notifications.notify("leads.assigned", [self.person.user_id], words={"reference": "L-1"})

    def push(self) -> None:
        """Run the push of the newest notification."""
        payload = self.background.waiting(jobs.push_notification.name)[-1]
        with self.background.work():
            jobs.push_notification.run(payload)

    def head(self) -> dict[str, str]:
        lines = self.listener.requests[-1].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"outbound_allow_networks": ("127.0.0.0/8",)})


@pytest.fixture
def phone(api: ApiClient, background: Any) -> Iterator[Phone]:
    made = Phone(api, background)
    yield made
    made.listener.close()


class TestAddress:
    def test_its_secret_is_shown_once(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        first = phone.secret
        shown = ok(api.get("/notifications/push"))
        assert first.startswith("whsec_")
        assert "secret" not in shown
        assert (shown["failing_since"], shown["last_error"]) == (None, None)
        phone.set_up()
        assert phone.secret != first

    def test_is_ones_own(self, phone: Phone, agency: AgencyUnderTest) -> None:
        phone.set_up()
        colleague = agency.newcomer("owner")
        assert problem(colleague.get("/notifications/push")) == (404, "not_found")
        assert problem(colleague.delete("/notifications/push")) == (404, "not_found")

    def test_may_not_lead_inside(self, api: ApiClient) -> None:
        answer = api.call("PUT", "/notifications/push", json={"url": "https://10.0.0.1/"})
        assert faults(answer) == {"/url": "refused_address"}


class TestPush:
    def test_is_signed_and_shows_the_notification(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        phone.tell()
        phone.push()
        head, (body,) = phone.head(), phone.bodies
        (stored,) = ok(api.get("/notifications"))["items"]
        message = json.loads(body)
        assert (message["type"], message["data"]) == ("leads.assigned", stored)
        assert head["webhook-id"] == stored["id"]
        assert Webhook(phone.secret).verify(body, head) == message

    def test_without_an_address_nothing_is_sent(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        ok(api.delete("/notifications/push"), 204)
        phone.tell()
        phone.push()
        assert phone.bodies == []
        assert phone.background.waiting(jobs.push_again.name) == []

    def test_what_fails_is_tried_again_a_few_times_under_the_same_id(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        phone.answer = answering(status="500 Oops")
        phone.tell()
        phone.push()
        for number in range(1, len(WAITS) + 1):
            payload = phone.background.waiting(jobs.push_again.name)[-1]
            assert payload["attempt"] == number
            with phone.background.work():
                jobs.push_again.run(payload)
        assert len(phone.background.waiting(jobs.push_again.name)) == len(WAITS)
        shown = ok(api.get("/notifications/push"))
        assert shown["last_error"] == "The address answered 500"
        assert shown["failing_since"] is not None
        assert len(phone.bodies) == 1 + len(WAITS)
        assert len(set(phone.bodies)) == 1

    def test_success_ends_the_failing(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        phone.answer = answering(status="503 Busy")
        phone.tell()
        phone.push()
        phone.answer = answering()
        phone.push()
        assert ok(api.get("/notifications/push"))["failing_since"] is None

    def test_an_address_that_has_failed_for_a_day_gets_each_once(
        self, phone: Phone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        phone.set_up()
        phone.answer = answering(status="500 Oops")
        phone.tell()
        phone.push()
        later = clock.now() + timedelta(days=1, minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        phone.push()
        assert len(phone.background.waiting(jobs.push_again.name)) == 1

    def test_an_address_that_is_gone_is_taken_away(self, phone: Phone, api: ApiClient) -> None:
        phone.set_up()
        phone.answer = answering(status="410 Gone")
        phone.tell()
        phone.push()
        assert problem(api.get("/notifications/push")) == (404, "not_found")
        assert phone.background.waiting(jobs.push_again.name) == []

    def test_a_notification_that_was_removed_is_passed_over(self, phone: Phone) -> None:
        phone.set_up()
        with phone.background.work():
            jobs.push_notification.run({"notification_id": str(ids.new())})
        assert phone.bodies == []
