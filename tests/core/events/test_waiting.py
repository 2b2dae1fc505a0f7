from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.actor import system
from core.app import create_app
from core.config import Settings
from core.db.session import dispose
from core.db.tenancy import acting_as
from core.events import waiting
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.events.asking import feed, make_lead
from tests.core.events.conftest import sold

Happen = Callable[..., None]


class Asking(threading.Thread):
    """A request that waits."""

    def __init__(self, api: ApiClient, after: int, wait: int) -> None:
        super().__init__(daemon=True)
        self.api = ApiClient(api.app, api.token)
        self.path = f"/events?after={after}&wait={wait}"
        self.answer: Any = None
        self.took = 0.0

    def run(self) -> None:
        started = time.monotonic()
        self.answer = self.api.get(self.path)
        self.took = time.monotonic() - started


@contextmanager
def asking(app: Application, api: ApiClient, after: int, wait: int = 20) -> Iterator[Asking]:
    """Ask in the background, once it really waits."""
    asked = Asking(api, after, wait)
    asked.start()
    deadline = time.monotonic() + 10
    while not waiting.waiting(app)._bells:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    yield asked
    asked.join(timeout=30)
    assert not asked.is_alive()


class TestWaiting:
    def test_it_answers_as_soon_as_something_happens(self, app: Application, api: ApiClient) -> None:
        with asking(app, api, feed(api)["upto"]) as asked:
            lead = make_lead(api)
        assert lead in {item["subject_id"] for item in ok(asked.answer)["items"]}
        assert asked.took < 10

    def test_what_other_processes_do_wakes_it_too(self, settings: Settings, app: Application, api: ApiClient) -> None:
        other = create_app(settings)
        try:
            with asking(app, api, feed(api)["upto"]) as asked:
                make_lead(ApiClient(other, api.token))
            assert ok(asked.answer)["items"]
            assert asked.took < 10
        finally:
            with other.app_context():
                dispose()

    def test_nothing_is_an_empty_page_after_the_time(self, api: ApiClient) -> None:
        head, started = feed(api)["upto"], time.monotonic()
        assert feed(api, head, wait=1) == {"items": [], "upto": head, "more": False}
        assert 0.9 < time.monotonic() - started < 5

    def test_what_one_may_not_see_does_not_end_it(
        self, app: Application, agency: AgencyUnderTest, happen: Happen
    ) -> None:
        agent = agency.member("agent", team="North")
        after = feed(agent)["upto"]
        with asking(app, agent, after, wait=2) as asked:
            happen(sold())
        assert ok(asked.answer) == {"items": [], "upto": after + 1, "more": False}
        assert asked.took > 1.5

    def test_what_one_may_not_see_does_not_prolong_it(
        self, app: Application, agency: AgencyUnderTest, happen: Happen
    ) -> None:
        agent = agency.member("agent", team="North")
        deadline = time.monotonic() + 10
        with asking(app, agent, feed(agent)["upto"], wait=1) as asked:
            while asked.is_alive() and time.monotonic() < deadline:
                happen(sold())
        assert ok(asked.answer)["items"] == []
        assert asked.took < 3

    def test_it_holds_no_connection(self, app: Application, api: ApiClient) -> None:
        with asking(app, api, feed(api)["upto"], wait=2), app.app_context():
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline:
                busy = [engine.pool.checkedout() for engine in db.engines.values()]  # type: ignore[attr-defined] # QueuePool
                assert busy == [0, 0]
                time.sleep(0.05)

    def test_whoever_is_signed_out_meanwhile_is_told_nothing(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        leaving = agency.newcomer("manager")
        with asking(app, leaving, feed(leaving)["upto"]) as asked:
            ok(leaving.post("/auth/logout"), 204)
            make_lead(api)
        assert problem(asked.answer) == (401, "invalid_token")

    def test_whoever_is_demoted_meanwhile_is_told_nothing(
        self, app: Application, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        demoted = agency.newcomer("manager")
        with asking(app, demoted, feed(demoted)["upto"]) as asked:
            ok(api.patch(f"/users/{demoted.user_id}", {"roles": []}, version="*"))
        assert problem(asked.answer) == (403, "forbidden")

    def test_beyond_a_number_of_them_it_answers_at_once(
        self, app: Application, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waiting.waiting(app), "_room", threading.BoundedSemaphore(1))
        head = feed(api)["upto"]
        with asking(app, api, head) as asked:
            started = time.monotonic()
            assert feed(api, head, wait=20)["items"] == []
            assert time.monotonic() - started < 5
            make_lead(api)
        assert ok(asked.answer)["items"]
        # The place is free again.
        with asking(app, api, feed(api)["upto"], wait=1):
            pass

    def test_many_who_wait_ask_for_the_head_twice_a_second(
        self, app: Application, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[float] = []

        def head(_scope: str) -> int:
            asked.append(time.monotonic())
            return 0

        monkeypatch.setattr("core.streams.head", head)
        room = waiting.Waiting(app)
        monkeypatch.setattr(room, "_room", threading.BoundedSemaphore(20))
        monkeypatch.setattr(room, "_listen", lambda: None)

        def wait() -> None:
            with app.app_context(), acting_as(system(agency.id)), room.place() as place:
                assert place is not None
                assert not place.wait(beyond=0, until=time.monotonic() + 1.2)

        threads = [threading.Thread(target=wait) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert len(asked) <= 15
