"""What senders send again, the same or otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from core.testing.clients import ApiClient, ok
from tests.plugins.capture.conftest import MAPPING, Stranger
from tests.plugins.capture.test_hooks import BODY, deliver

Make = Callable[..., dict[str, Any]]
Look = Callable[..., list[dict[str, Any]]]


class TestOnce:
    def test_what_comes_again_under_its_id_is_the_same(
        self, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook()
        first = ok(deliver(stranger, made, BODY), 202)
        with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
            assert ok(deliver(stranger, made, BODY), 202) == first
        assert (len(leads()), len(came())) == (1, 1)

    def test_another_body_under_the_same_id_is_a_note_on_the_lead(
        self, api: ApiClient, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook()
        ok(deliver(stranger, made, BODY), 202)
        for _ in range(2):
            assert ok(deliver(stranger, made, BODY | {"text": "Other"}), 202)["state"] == "accepted"
        assert (len(leads()), len(came()), came()[0]["reason"]) == (1, 2, "came_again")
        assert [each["lead_id"] for each in came()] == [leads()[0]["id"]] * 2
        (note, _) = ok(api.get(f"/leads/{leads()[0]['id']}/notes"))["items"]
        assert note["text"].startswith("Sent once more, and otherwise:\n")
        assert "Other" in note["text"]

    def test_what_was_faulty_is_tried_again_when_it_comes_again(
        self, api: ApiClient, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook(mapping=[{"type": "take", "field": "email", "path": "/mail"}])
        first = ok(deliver(stranger, made, BODY), 202)
        assert first["state"] == "faulty"
        assert ok(deliver(stranger, made, BODY), 202) == first
        ok(api.patch(f"/capture/hooks/{made['id']}", {"mapping": MAPPING}, version="*"))
        for _ in range(2):
            assert ok(deliver(stranger, made, BODY), 202) == first | {"state": "accepted"}
        assert (len(leads()), len(came())) == (1, 1)

    def test_what_was_faulty_may_come_put_right_under_the_same_id(
        self, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook()
        assert ok(deliver(stranger, made, {"first": "Ana"}), 202)["state"] == "faulty"
        put_right = ok(deliver(stranger, made, BODY), 202)
        assert put_right["state"] == "accepted"
        assert ok(deliver(stranger, made, BODY), 202) == put_right
        assert [each["state"] for each in came()] == ["accepted", "faulty"]
        assert len(leads()) == 1

    def test_what_comes_again_otherwise_waits_where_the_lead_is_gone(
        self, api: ApiClient, stranger: Stranger, hook: Make, leads: Look, came: Look
    ) -> None:
        made = hook()
        ok(deliver(stranger, made, BODY), 202)
        ok(api.delete(f"/leads/{leads()[0]['id']}", version="*"), 204)
        assert ok(deliver(stranger, made, BODY | {"text": "Other"}), 202)["state"] == "faulty"
        assert (came()[0]["state"], came()[0]["reason"]) == ("faulty", "came_again")
        assert ok(api.get(f"/capture/hooks/{made['id']}"))["failing_since"] is None

    def test_without_an_id_the_same_body_shortly_after_is_the_same(
        self, stranger: Stranger, hook: Make, leads: Look
    ) -> None:
        made = hook(auth="header")
        proven = {"X-Webhook-Secret": made["secret"]}
        for _ in range(2):
            ok(deliver(stranger, made, BODY, proven), 202)
        assert len(leads()) == 1
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
            ok(deliver(stranger, made, BODY, proven), 202)
        assert len(leads()) == 2

    def test_a_header_of_the_senders_own_tells_repeats(self, stranger: Stranger, hook: Make, leads: Look) -> None:
        made = hook(auth="header", id_header="X-Delivery")
        for number in ("1", "2", "1"):
            ok(deliver(stranger, made, BODY, {"X-Webhook-Secret": made["secret"], "x-delivery": number}), 202)
        assert len(leads()) == 2
