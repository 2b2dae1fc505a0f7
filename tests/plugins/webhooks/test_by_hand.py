"""Tests, and messages that somebody has sent again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core import clock
from core.testing.clients import ApiClient, ok, problem
from tests.plugins.webhooks.asking import deliveries, shown, verified
from tests.plugins.webhooks.conftest import Background, Receiver

Add = Callable[..., dict[str, Any]]
Happen = Callable[..., dict[str, Any]]
SEND = "webhooks.deliver"


class TestByHand:
    def test_a_test_arrives(self, api: ApiClient, add: Add, receiver: Receiver, background: Background) -> None:
        endpoint = add(receiver, "leads.lead_lost")
        sent = ok(api.post(f"/webhooks/endpoints/{endpoint['id']}/deliveries"), 201)
        assert (sent["event"], sent["state"], sent["seq"]) == ("webhooks.test", "waiting", None)
        background.work()
        (received,) = receiver.received
        assert verified(endpoint["secret"], received)["type"] == "webhooks.test"
        assert shown(api, sent)["state"] == "delivered"

    def test_a_message_is_sent_again_under_the_same_id(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        happen()
        background.work()
        (delivery,) = deliveries(api, endpoint)
        where = f"/webhooks/endpoints/{endpoint['id']}/deliveries/{delivery['id']}/replay"
        assert ok(api.post(where), 202)["state"] == "waiting"
        assert problem(api.post(where)) == (409, "webhook_delivery_on_its_way")
        background.work()
        first, second = receiver.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        assert shown(api, delivery)["attempts"] == 2

    def test_nothing_is_sent_to_a_disabled_endpoint(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        happen()
        background.work()
        (delivery,) = deliveries(api, endpoint)
        where = f"/webhooks/endpoints/{endpoint['id']}"
        ok(api.patch(where, {"enabled": False}, version="*"))
        for address in (f"/deliveries/{delivery['id']}/replay", "/deliveries"):
            assert problem(api.post(where + address)) == (409, "webhook_endpoint_disabled")
        since = {"since": "2020-01-01T00:00:00Z"}
        assert problem(api.post(where + "/replay", since)) == (409, "webhook_endpoint_disabled")
        happen()
        background.work()
        assert len(receiver.received) == 1

    def test_everything_that_failed_is_sent_again(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        where = f"/webhooks/endpoints/{endpoint['id']}"
        happen()
        background.work()
        receiver.status = 410
        happen()
        background.work()
        ok(api.patch(where, {"enabled": True}, version="*"))
        receiver.status = 200
        since = {"since": clock.now().replace(year=2020).isoformat()}
        assert ok(api.post(where + "/replay", since), 202) == {"count": 1}
        background.work()
        assert {each["state"] for each in deliveries(api, endpoint)} == {"delivered"}
        assert len(receiver.received) == 3
        assert ok(api.post(where + "/replay", since), 202) == {"count": 0}
        later = {"since": (clock.now() + timedelta(days=1)).isoformat()}
        assert ok(api.post(where + "/replay", later), 202) == {"count": 0}
