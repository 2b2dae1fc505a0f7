"""When a message is tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from sqlalchemy import select

from core import clock
from core.extensions import db
from core.testing.clients import ApiClient, ok
from plugins.webhooks.service import breaker
from tests.plugins.webhooks.asking import deliveries, states
from tests.plugins.webhooks.conftest import Background, Receiver

Add = Callable[..., dict[str, Any]]
Happen = Callable[..., dict[str, Any]]
SEND = "webhooks.deliver"


class TestTheSchedule:
    def test_takes_three_days(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status = 500
        happen()
        elapsed = timedelta(0)
        background.work()
        while len(receiver.received) < 10:
            (delivery,) = deliveries(api, endpoint)
            wait = datetime.fromisoformat(delivery["next_attempt_at"]) - clock.now()
            assert wait > elapsed
            elapsed = wait
            background.work(later=elapsed + timedelta(seconds=1))
        (delivery,) = deliveries(api, endpoint)
        assert (delivery["state"], delivery["attempts"]) == ("failed", 10)
        assert delivery["error"].endswith("that was the last attempt")
        assert 65 < elapsed / timedelta(hours=1) < 85
        assert {each.headers["webhook-id"] for each in receiver.received} == {delivery["message_id"]}
        assert sum(breaker.SCHEDULE, timedelta(0)) / timedelta(hours=1) == pytest.approx(75.6, abs=0.1)

    @pytest.mark.parametrize("status", [429, 503])
    def test_waits_as_long_as_it_is_asked_to(
        self, add: Add, receiver: Receiver, background: Background, happen: Happen, status: int
    ) -> None:
        add(receiver)
        receiver.status, receiver.headers = status, {"Retry-After": "1800"}
        happen()
        background.work()
        assert 1790 < background.waiting()[SEND][0] <= 1800

    @pytest.mark.parametrize(
        ("status", "wish", "seconds"),
        [
            (503, "999999999", 86_400),
            (503, "1", 5),
            (503, "soon", 5),
            (503, "-5", 5),
            (503, "Mon, 01 Jan 2024 00:00:00 +99999999999999999999", 5),
            (500, "1800", 5),
            (503, "date", 3600),
        ],
    )
    def test_waits_no_longer_than_is_sensible(
        self, add: Add, receiver: Receiver, background: Background, happen: Happen, status: int, wish: str, seconds: int
    ) -> None:
        add(receiver)
        if wish == "date":
            wish = format_datetime(clock.now() + timedelta(hours=1), usegmt=True)
        receiver.status, receiver.headers = status, {"Retry-After": wish}
        happen()
        background.work()
        assert background.waiting()[SEND][0] == pytest.approx(seconds, rel=0.15, abs=3)


class TestOldJobs:
    def test_find_that_they_are_not_needed(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        """The attempt in ten hours is not made when the message was given up and sent again in between."""
        endpoint = add(receiver)
        receiver.status = 500
        happen()
        background.work()
        where = f"/webhooks/endpoints/{endpoint['id']}"
        ok(api.patch(where, {"enabled": False}, version="*"))
        background.work()
        assert states(api, endpoint) == {"failed": 1}
        ok(api.patch(where, {"enabled": True}, version="*"))
        receiver.status = 200
        (delivery,) = ok(api.get(where + "/deliveries"))["items"]
        ok(api.post(f"{where}/deliveries/{delivery['id']}/replay"), 202)
        background.work()
        background.work(later=timedelta(hours=1))
        assert len(receiver.received) == 2

    def test_that_were_lost_are_made_up_for(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        from core.jobs.models import JobEntry

        endpoint = add(receiver)
        receiver.status = 500
        happen()
        background.work()
        with background.unit():
            for entry in db.session.scalars(select(JobEntry).where(JobEntry.name == SEND, JobEntry.state == "queued")):
                entry.state = "dead"
        receiver.status = 200
        where = f"/webhooks/endpoints/{endpoint['id']}"
        since = {"since": "2020-01-01T00:00:00Z"}
        # Not yet: it may only be late.
        assert ok(api.post(where + "/replay", since), 202) == {"count": 0}
        with background.unit():
            from plugins.webhooks.models import Delivery

            for delivery in db.session.scalars(select(Delivery)):
                assert delivery.next_attempt_at is not None
                delivery.next_attempt_at -= timedelta(hours=2)
        assert ok(api.post(where + "/replay", since), 202) == {"count": 1}
        background.work()
        assert states(api, endpoint) == {"delivered": 1}
