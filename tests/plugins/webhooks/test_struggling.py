"""Endpoints that struggle: their messages wait in line, and in the end nothing is sent to them any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.extensions import db
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.webhooks import notices
from plugins.webhooks.events import EndpointDisabled
from plugins.webhooks.models import Endpoint
from plugins.webhooks.service import breaker, log
from tests.plugins.webhooks.asking import of, states
from tests.plugins.webhooks.conftest import Background, Receiver

Add = Callable[..., dict[str, Any]]
Happen = Callable[..., dict[str, Any]]
SEND, PROBE = "webhooks.deliver", "webhooks.probe"


class TestTheLine:
    @pytest.fixture
    def held(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> dict[str, Any]:
        """An endpoint whose messages wait in line: five of eight were tried once."""
        endpoint = add(receiver)
        receiver.status = 500
        for _ in range(8):
            happen()
        background.work()
        assert len(receiver.received) == breaker.STRIKES
        assert of(api, endpoint)["held_since"]
        return endpoint

    def test_spends_no_attempts_of_those_that_wait(
        self, api: ApiClient, held: dict[str, Any], background: Background, happen: Happen, receiver: Receiver
    ) -> None:
        happen()
        background.work()
        assert len(receiver.received) == breaker.STRIKES
        items = ok(api.get(f"/webhooks/endpoints/{held['id']}/deliveries"))["items"]
        assert sorted(each["attempts"] for each in items) == [0, 0, 0, 0, 1, 1, 1, 1, 1]
        # One message was to be tried again when the endpoint was held, four before; three waited for their first turn.
        assert background.waiting()[PROBE][0] == pytest.approx(30, abs=5)
        assert len(background.waiting()[PROBE]) == 1

    def test_tries_one_at_a_time_at_growing_intervals(
        self, held: dict[str, Any], background: Background, receiver: Receiver
    ) -> None:
        gaps, later = [], 0.0
        for _ in range(7):
            before = len(receiver.received)
            (due,) = background.waiting()[PROBE]
            background.work(later=timedelta(seconds=due + 0.5))
            assert len(receiver.received) == before + 1
            gaps.append(due - later)
            later = due
        assert gaps == pytest.approx([30, 60, 120, 240, 480, 900, 900], abs=10)

    def test_lets_everything_go_with_the_first_quick_answer(
        self, api: ApiClient, held: dict[str, Any], background: Background, receiver: Receiver, happen: Happen
    ) -> None:
        receiver.status = 200
        background.work(later=timedelta(seconds=40))
        assert states(api, held) == {"delivered": 8}
        shown = of(api, held)
        assert (shown["held_since"], shown["failing_since"]) == (None, None)
        happen()
        background.work()
        assert states(api, held) == {"delivered": 9}

    def test_is_let_go_in_parts(
        self,
        api: ApiClient,
        held: dict[str, Any],
        background: Background,
        receiver: Receiver,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(log, "CHUNK", 2)
        receiver.status = 200
        ran = background.work(later=timedelta(seconds=40))
        assert states(api, held) == {"delivered": 8}
        assert ran.count("webhooks.release") == 4

    def test_holds_whoever_answers_slowly_and_sends_one_at_a_time(
        self,
        api: ApiClient,
        add: Add,
        receiver: Receiver,
        background: Background,
        happen: Happen,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(breaker, "SLOW", 0.0)
        endpoint = add(receiver)
        for _ in range(9):
            happen()
        background.work()
        assert states(api, endpoint) == {"delivered": 5, "held": 4}
        ran = background.work(later=timedelta(seconds=6))
        assert ran == [PROBE] * 4
        assert states(api, endpoint) == {"delivered": 9}
        # The line is found empty: the next one goes as usual.
        assert background.work(later=timedelta(seconds=12)) == [PROBE]
        assert of(api, endpoint)["held_since"] is None
        assert of(api, endpoint)["failing_since"] is None

    def test_is_passed_by_what_somebody_sends_by_hand(
        self, api: ApiClient, held: dict[str, Any], background: Background, receiver: Receiver
    ) -> None:
        receiver.status = 200
        ok(api.post(f"/webhooks/endpoints/{held['id']}/deliveries"), 201)
        background.work()
        # The four that had failed before it was held have their time still to come.
        assert states(api, held) == {"delivered": 5, "waiting": 4}

    def test_moves_with_the_endpoint(
        self, api: ApiClient, held: dict[str, Any], background: Background, receivers: Callable[[], Receiver]
    ) -> None:
        better = receivers()
        ok(api.patch(f"/webhooks/endpoints/{held['id']}", {"url": better.url}, version="*"))
        background.work()
        assert len(better.received) == 4
        background.work(later=timedelta(seconds=10))
        assert states(api, held) == {"delivered": 8}

    def test_of_one_endpoint_holds_up_no_other(
        self,
        api: ApiClient,
        held: dict[str, Any],
        add: Add,
        background: Background,
        receivers: Callable[[], Receiver],
        happen: Happen,
    ) -> None:
        other = receivers()
        add(other)
        happen()
        background.work()
        assert other.events == ["leads.lead_created"]


class TestGivingUp:
    def test_is_at_once_where_the_endpoint_says_it_is_gone(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status = 410
        happen()
        happen()
        background.work()
        shown = of(api, endpoint)
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
        assert len(receiver.received) == 1
        assert states(api, endpoint) == {"failed": 2}
        (told,) = [each for each in ok(api.get("/audit"))["items"] if each["name"] == "webhooks.endpoint_disabled"]
        assert told["payload"] == {"endpoint_id": endpoint["id"], "host": "127.0.0.1", "reason": "gone"}

    def test_comes_after_three_messages_that_failed_for_good(
        self,
        api: ApiClient,
        add: Add,
        receiver: Receiver,
        background: Background,
        happen: Happen,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(breaker, "SCHEDULE", (timedelta(seconds=5),))
        endpoint = add(receiver)
        receiver.status = 500
        for _ in range(4):
            happen()
        background.work()
        background.work(later=timedelta(minutes=5))
        background.work(later=timedelta(minutes=10))
        background.work(later=timedelta(minutes=20))
        shown = of(api, endpoint)
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
        assert states(api, endpoint) == {"failed": 4}
        # The fourth was never tried a second time.
        assert len(receiver.received) == 7

    def test_comes_after_five_days_of_failures(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status = 500
        happen()
        background.work()
        background.work(later=timedelta(days=4, hours=23))
        assert of(api, endpoint)["enabled"]
        background.work(later=timedelta(days=5, hours=1))
        shown = of(api, endpoint)
        assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
        assert states(api, endpoint) == {"failed": 1}

    def test_does_not_come_while_something_gets_through(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status = 500
        happen()
        background.work()
        receiver.status = 200
        happen()
        background.work()
        assert of(api, endpoint)["failing_since"] is None

    def test_tells_those_who_may_manage_webhooks(
        self, agency: AgencyUnderTest, api: ApiClient, add: Add, receiver: Receiver, background: Background
    ) -> None:
        endpoint = add(receiver)
        admin, _ = agency.member("admin"), agency.member("manager")
        with background.unit():
            row = db.session.scalars(select(Endpoint)).one()
            event = EndpointDisabled(endpoint_id=row.id, host="hooks.example.com", reason="gone")
            told = set(notices.ENDPOINT_DISABLED.recipients(event))
        assert endpoint["id"] == str(event.endpoint_id)
        assert told == {api.user_id, admin.user_id}
        assert notices.ENDPOINT_DISABLED.words(event) == {"host": "hooks.example.com"}

    def test_ends_when_somebody_enables_it_again(
        self, api: ApiClient, add: Add, receiver: Receiver, background: Background, happen: Happen
    ) -> None:
        endpoint = add(receiver)
        receiver.status = 410
        happen()
        background.work()
        ok(api.patch(f"/webhooks/endpoints/{endpoint['id']}", {"enabled": True}, version="*"))
        receiver.status = 200
        happen()
        background.work()
        assert states(api, endpoint) == {"failed": 1, "delivered": 1}
