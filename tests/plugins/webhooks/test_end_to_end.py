"""The whole way, with a real worker and servers: published, followed, sent, logged; who is slow delays nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from core.config import Settings
from core.events import following
from core.http.application import Application
from core.jobs.worker import Worker, settings_for_work
from core.testing.clients import ApiClient, ok
from core.testing.servers import wait_for
from tests.plugins.webhooks.conftest import Receiver

Add = Callable[..., dict[str, Any]]
Happen = Callable[..., dict[str, Any]]


@pytest.fixture
def working(app: Application, settings: Settings) -> Iterator[Worker]:
    """A worker in this process, with a follower beside it."""
    worker = Worker(app, settings_for_work(settings))
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(0.05):
            following.follow_once(app)

    follower = threading.Thread(target=follow)
    worker.start()
    follower.start()
    yield worker
    ended.set()
    follower.join(20)
    worker.stop(within=15)


def states(api: ApiClient, endpoint: dict[str, Any]) -> list[str]:
    items = ok(api.get(f"/webhooks/endpoints/{endpoint['id']}/deliveries?limit=200"))["items"]
    return sorted(each["state"] for each in items)


@pytest.mark.slow
class TestTheWholeWay:
    def test_what_happens_arrives_signed_and_is_logged(
        self, api: ApiClient, add: Add, receiver: Receiver, happen: Happen, working: Worker
    ) -> None:
        endpoint = add(receiver)
        lead = happen()
        wait_for(lambda: states(api, endpoint) == ["delivered"], what="The delivery")
        (received,) = receiver.received
        message = Webhook(endpoint["secret"]).verify(received.body, received.headers)
        assert message["data"]["subject_id"] == lead["id"]

    def test_who_never_answers_delays_nobody(
        self, api: ApiClient, add: Add, receivers: Callable[[], Receiver], happen: Happen, working: Worker
    ) -> None:
        hanging, quick = receivers(), receivers()
        hanging.delay = 4.0
        add(hanging)
        for _ in range(20):
            happen()
        # All threads of the queue would be busy with it by now.
        wait_for(lambda: hanging.received, what="The first attempt")
        endpoint = add(quick)
        begun = time.monotonic()
        happen()
        wait_for(lambda: states(api, endpoint) == ["delivered"], what="The delivery")
        assert time.monotonic() - begun < 3
        assert len(hanging.received) <= 3

    def test_a_failing_endpoint_ends_disabled_and_gets_everything_after_the_fix(
        self, api: ApiClient, add: Add, receivers: Callable[[], Receiver], happen: Happen, working: Worker
    ) -> None:
        failing, other = receivers(), receivers()
        failing.status = 500
        endpoint, fine = add(failing), add(other)
        where = f"/webhooks/endpoints/{endpoint['id']}"
        for _ in range(8):
            happen()
        wait_for(lambda: states(api, fine) == ["delivered"] * 8, what="Delivery to the other one")
        wait_for(lambda: ok(api.get(where))["held_since"], what="The hold")
        failing.status = 410
        ok(api.post(where + "/deliveries"), 201)
        wait_for(lambda: not ok(api.get(where))["enabled"], what="The end")
        wait_for(lambda: states(api, endpoint) == ["failed"] * 9, what="Giving up")
        failing.status = 200
        ok(api.patch(where, {"enabled": True}, version="*"))
        failing.received.clear()
        assert ok(api.post(where + "/replay", {"since": "2020-01-01T00:00:00Z"}), 202) == {"count": 9}
        wait_for(lambda: states(api, endpoint) == ["delivered"] * 9, what="The replay")
        assert len({each.headers["webhook-id"] for each in failing.received}) == len(failing.received) == 9
