"""Reading one's own notifications, over HTTP and by the topic, in several tabs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from core import clock, ids
from core.http.application import Application
from core.privacy import keeping
from core.realtime import rooms
from core.realtime.emit import Emission, listeners
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.notifications import api as notifications
from plugins.notifications import plugin

Tell = Callable[..., None]


@pytest.fixture
def tell(act: Callable[[], Any]) -> Tell:
    """Tells people something, so many times."""

    def run(*people: ApiClient, times: int = 1, **about: Any) -> None:
        for number in range(times):
            with act():
                user_ids = [person.user_id for person in people if person.user_id]
                notifications.notify("leads.assigned", user_ids, words={"reference": f"L-{number}"}, **about)

    return run


@pytest.fixture
def emitted(app: Application) -> Iterator[list[Emission]]:
    """What is sent to browsers during the test."""
    found: list[Emission] = []

    def hear(live: object) -> None:
        if isinstance(live, Emission):
            found.append(live)

    with app.app_context():
        listeners().append(hear)
    yield found
    with app.app_context():
        listeners().remove(hear)


class TestList:
    def test_shows_the_newest_first_by_the_page(self, api: ApiClient, tell: Tell) -> None:
        tell(api, times=5)
        page = ok(api.get("/notifications?limit=2"))
        rest = ok(api.get(f"/notifications?limit=9&cursor={page['next']}"))
        assert [each["seq"] for each in page["items"] + rest["items"]] == [5, 4, 3, 2, 1]

    def test_is_filtered(self, api: ApiClient, tell: Tell) -> None:
        about = ids.new()
        tell(api, times=2)
        tell(api, subject="leads.lead", subject_id=about)
        ok(api.post("/notifications/read", {"upto": 1}))
        seqs = {
            question: [each["seq"] for each in ok(api.get(f"/notifications?{question}"))["items"]]
            for question in ("unread=true", "unread=false", f"subject_id={about}", "subject=leads.lead", "kind=a.b")
        }
        assert list(seqs.values()) == [[3, 2], [1], [3], [3], []]

    def test_is_ones_own_whatever_ones_permissions(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient, tell: Tell
    ) -> None:
        agent = agency.member("agent", team="Africa")
        tell(agent)
        (found,) = ok(agent.get("/notifications"))["items"]
        assert ok(api.get("/notifications"))["items"] == []
        for stranger in (api, other_agency.member("owner")):
            assert problem(stranger.get(f"/notifications/{found['id']}")) == (404, "not_found")
            assert problem(stranger.post(f"/notifications/{found['id']}/read")) == (404, "not_found")
        assert ok(agent.get(f"/notifications/{found['id']}"))["unread"] is True


class TestReading:
    def test_one_is_read_once(self, api: ApiClient, tell: Tell, emitted: list[Emission]) -> None:
        tell(api, times=2)
        (_, first) = ok(api.get("/notifications"))["items"]
        read = ok(api.post(f"/notifications/{first['id']}/read"))
        again = ok(api.post(f"/notifications/{first['id']}/read"))
        assert (read["unread"], read["seq"]) == (False, 1)
        assert again["read_at"] == read["read_at"]
        assert ok(api.get("/notifications/unread")) == {"unread": 1, "waiting": 0, "seq": 2}
        assert len(emitted) == 1

    def test_everything_up_to_a_number_is_read(self, api: ApiClient, tell: Tell) -> None:
        tell(api, times=3)
        assert ok(api.post("/notifications/read", {"upto": 2})) == {"unread": 1, "waiting": 0, "seq": 3}
        assert faults(api.post("/notifications/read", {"upto": -1})) == {"/upto": "range"}

    def test_other_tabs_are_told_what_and_how_many_are_left(
        self, agency: AgencyUnderTest, api: ApiClient, tell: Tell, emitted: list[Emission]
    ) -> None:
        tell(api, times=3)
        ok(api.post("/notifications/read", {"upto": 2}))
        (receipt,) = emitted
        assert api.user_id is not None
        assert receipt.room == rooms.user(agency.id, api.user_id)
        assert (receipt.namespace, receipt.event) == ("/notifications", "read")
        assert bytes(receipt.data) == b'{"upto":2,"id":null,"unread":1}'

    def test_nobody_is_told_where_nothing_was_left_to_read(
        self, api: ApiClient, tell: Tell, emitted: list[Emission]
    ) -> None:
        tell(api)
        for _ in range(2):
            ok(api.post("/notifications/read", {"upto": 1}))
        assert len(emitted) == 1


class TestTopic:
    @pytest.fixture
    def topic(self) -> Any:
        (found,) = plugin.topics
        return found

    @pytest.fixture
    def as_me(self, app: Application, api: ApiClient) -> Callable[[], Any]:
        """Whoever calls, as a connected person in a unit of work."""
        from contextlib import contextmanager

        from core.auth.sessions.principals import principals
        from core.db.session import unit_of_work
        from core.db.tenancy import acting_as

        @contextmanager
        def enter() -> Iterator[Any]:
            with app.app_context(), unit_of_work():
                actor = principals().actor_of(api.token or "")
                with acting_as(actor):
                    yield actor

        return enter

    def test_is_pulled_by_number(self, topic: Any, as_me: Callable[[], Any], api: ApiClient, tell: Tell) -> None:
        tell(api, times=5)
        with as_me():
            first, second = topic.pull(0, 3), topic.pull(3, 3)
        assert ([each.seq for each in first.items], first.upto, first.more) == ([1, 2, 3], 3, True)
        assert ([each.seq for each in second.items], second.upto, second.more) == ([4, 5], 5, False)
        assert second.items[0].title == "The system handed over L-3"

    def test_has_the_stream_of_whoever_pulls(self, topic: Any, as_me: Callable[[], Any], api: ApiClient) -> None:
        with as_me() as actor:
            assert topic.scope(actor) == f"notifications:{api.user_id}"

    def test_acknowledging_reads(self, topic: Any, as_me: Callable[[], Any], api: ApiClient, tell: Tell) -> None:
        tell(api, times=3)
        with as_me():
            topic.acknowledge(2)
        assert ok(api.get("/notifications/unread"))["unread"] == 1

    def test_what_was_removed_is_passed_over(
        self,
        topic: Any,
        as_me: Callable[[], Any],
        api: ApiClient,
        tell: Tell,
        act: Callable[[], Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        tell(api, times=4)
        ok(api.post("/notifications/read", {"upto": 2}))
        later = clock.now() + timedelta(days=91)
        monkeypatch.setattr(clock, "now", lambda: later)
        with act():
            assert not keeping.apply("notifications.read")
        monkeypatch.undo()
        with as_me():
            page = topic.pull(0, 9)
        assert ([each.seq for each in page.items], page.upto) == ([3, 4], 4)
        ok(api.post("/notifications/read", {"upto": 4}))
        monkeypatch.setattr(clock, "now", lambda: later)
        with act():
            assert not keeping.apply("notifications.read")
        monkeypatch.undo()
        with as_me():
            page = topic.pull(3, 9)
        assert (page.items, page.upto, page.more) == ([], 4, False)
        tell(api)
        assert [each["seq"] for each in ok(api.get("/notifications"))["items"]] == [5]

    def test_what_was_told_elsewhere_alone_is_removed_though_nobody_reads_it(
        self, api: ApiClient, tell: Tell, act: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tell(api)
        ok(api.patch("/notifications/preferences", {"kinds": {"leads.assigned": {"in_app": "off", "push": "now"}}}))
        tell(api)
        ok(api.patch("/notifications/preferences", {"kinds": {"leads.assigned": {"in_app": "daily", "push": "off"}}}))
        tell(api)
        assert [each["seq"] for each in ok(api.get("/notifications"))["items"]] == [3, 2, 1]
        later = clock.now() + timedelta(days=91)
        monkeypatch.setattr(clock, "now", lambda: later)
        with act():
            assert not keeping.apply("notifications.read")
        monkeypatch.undo()
        assert [each["seq"] for each in ok(api.get("/notifications"))["items"]] == [3, 1]

    def test_nobody_misses_what_is_stored_while_they_pull(
        self,
        topic: Any,
        as_me: Callable[[], Any],
        app: Application,
        agency: AgencyUnderTest,
        api: ApiClient,
        tell: Tell,
    ) -> None:
        writers = [threading.Thread(target=tell, args=(api,), kwargs={"times": 25}) for _ in range(4)]
        for writer in writers:
            writer.start()
        seen: list[int] = []
        last = 0
        running = True
        while running or seen != list(range(1, 101)):
            running = any(writer.is_alive() for writer in writers)
            with as_me():
                page = topic.pull(last, 7)
            seen += [each.seq for each in page.items]
            last = page.upto
            if not running and not page.items:
                break
        for writer in writers:
            writer.join(timeout=30)
        assert seen == list(range(1, 101))
