from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core import ids
from core.actor import system
from core.app import create_app
from core.auth.events import SessionOpened
from core.config import Settings
from core.db.session import dispose
from core.db.tenancy import acting_as
from core.events import reading, waiting
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.events.conftest import sold

Happen = Callable[..., None]


def feed(api: ApiClient, after: int = 0, **more: int) -> dict[str, Any]:
    question = "&".join(f"{name}={value}" for name, value in {"after": after, **more}.items())
    found: dict[str, Any] = ok(api.get(f"/events?{question}"))
    return found


def told(api: ApiClient, name: str = "leads.lead_created") -> list[str]:
    """Which leads somebody is told about, however many pages it takes."""
    found, after, more = [], 0, True
    while more:
        page = feed(api, after)
        found += [item["subject_id"] for item in page["items"] if item["name"] == name]
        after, more = page["upto"], page["more"]
    return found


def make_lead(api: ApiClient, **fields: Any) -> str:
    lead: str = ok(api.post("/leads", {"contact": {"name": "Ana"}, **fields}), 201)["id"]
    return lead


class TestOrder:
    def test_it_tells_what_happened_with_who_and_what(self, api: ApiClient) -> None:
        lead = make_lead(api)
        page = feed(api)
        item = next(item for item in page["items"] if item["name"] == "leads.lead_created")
        assert item["subject"] == "leads.lead"
        assert item["subject_id"] == item["payload"]["lead_id"] == lead
        assert item["actor"] == {"kind": "user", "id": str(api.user_id)}
        assert item["schema_version"] == 1
        assert set(item) == {
            "seq", "id", "name", "schema_version", "occurred_at", "subject", "subject_id", "actor", "payload"
        }  # fmt: skip
        assert [each["seq"] for each in page["items"]] == list(range(1, page["upto"] + 1))
        assert page["more"] is False

    def test_each_page_goes_on_where_the_last_ended(self, api: ApiClient) -> None:
        for _ in range(3):
            make_lead(api)
        every = feed(api)["items"]
        found, after, pages = [], 0, 0
        while True:
            page = feed(api, after, limit=2)
            assert len(page["items"]) <= 2
            found += page["items"]
            after, pages = page["upto"], pages + 1
            if not page["more"]:
                break
        assert found == every
        assert pages == -(-len(every) // 2)

    def test_nothing_new_is_an_empty_page(self, api: ApiClient) -> None:
        head = feed(api)["upto"]
        assert feed(api, head) == {"items": [], "upto": head, "more": False}
        assert feed(api, head + 50) == {"items": [], "upto": head + 50, "more": False}

    def test_wrong_parameters_are_named(self, api: ApiClient) -> None:
        wrong = api.get("/events?after=-1&limit=1000&wait=60&since=yesterday")
        assert set(faults(wrong)) == {"?after", "?limit", "?wait", "?since"}

    def test_personal_data_stays_out_of_it(self, api: ApiClient) -> None:
        person = {"given_name": "Anastasia", "family_name": "Duartesdottir", "emails": [{"address": "ana@example.com"}]}
        made = ok(api.post("/contacts", {"kind": "person", **person}), 201)
        ok(api.patch(f"/contacts/{made['id']}", {"family_name": "Karlsdottir"}, version="*"))
        text = api.get("/events").get_data(as_text=True)
        assert "contacts.contact_created" in text
        for secret in ("Anastasia", "Duartesdottir", "Karlsdottir", "ana@example.com"):
            assert secret not in text

    def test_long_stretches_of_what_one_may_not_see_end_too(
        self, agency: AgencyUnderTest, happen: Happen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "_AT_ONCE", 3)
        monkeypatch.setattr(reading, "_MOST_LOOKED_AT", 9)
        happen(*(sold() for _ in range(20)))
        agent = agency.member("agent")
        lead = make_lead(agent)
        first = feed(agent)
        assert (first["upto"], first["more"]) == (9, True)
        assert told(agent) == [lead]


class TestWhoSeesWhat:
    def test_teams_see_what_happens_to_their_rows(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        anna, ben = agency.member("agent", team="North"), agency.member("agent", team="South")
        mine, theirs, nobodys = make_lead(anna), make_lead(ben), make_lead(api)
        colleague = agency.newcomer("agent", team="North")
        assert told(anna) == told(colleague) == [mine]
        assert told(ben) == [theirs]
        assert told(agency.member("read_only")) == [mine, theirs, nobodys]

    def test_of_rows_that_were_deleted_too(self, agency: AgencyUnderTest) -> None:
        agent, manager = agency.member("agent", team="North"), agency.member("manager")
        lead = make_lead(agent)
        ok(manager.delete(f"/leads/{lead}", version="*"), 204)
        assert told(agent, "leads.lead_deleted") == [lead]

    def test_a_row_that_was_handed_over_is_followed_by_who_has_it(self, agency: AgencyUnderTest) -> None:
        anna, ben = agency.member("agent", team="North"), agency.member("agent", team="South")
        manager = agency.member("manager")
        lead = make_lead(anna)
        ok(manager.post(f"/leads/{lead}/assignment", {"owner_id": str(ben.user_id), "team_id": None}, version="*"))
        assert told(anna) == []
        assert told(ben) == [lead]

    def test_signing_in_is_for_those_who_read_the_whole_log(self, agency: AgencyUnderTest, happen: Happen) -> None:
        session_id = ids.new()
        happen(SessionOpened(session_id=session_id, user_id=ids.new()))
        assert told(agency.member("manager"), "auth.session_opened") == [str(session_id)]
        assert told(agency.member("read_only"), "auth.session_opened") == []

    def test_what_no_plugin_declares_is_for_those_who_read_the_whole_log(
        self, agency: AgencyUnderTest, happen: Happen
    ) -> None:
        happen(sold())
        assert len(told(agency.member("manager"), "tests.sold")) == 1
        assert told(agency.member("read_only"), "tests.sold") == []

    def test_whose_plugin_is_off_too(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        lead = make_lead(api)
        ok(api.patch("/plugins/leads", {"enabled": False}))
        assert told(agency.member("read_only")) == []
        assert told(agency.member("manager")) == [lead]

    def test_other_agencies_see_nothing(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        make_lead(api)
        assert told(other_agency.member("owner")) == []

    def test_a_role_without_the_permission_is_refused(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": {"leads.read": "all"}}), 201)
        assert problem(agency.newcomer("desk").get("/events")) == (403, "forbidden")

    def test_it_takes_as_many_statements_for_many_rows_as_for_few(
        self, app: Application, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        agent = agency.member("agent", team="North")
        asked: list[object] = []
        fetch = type(app.extensions["tripfile.readers"]["app"]).fetch

        def count(*given: Any) -> Any:
            asked.append(given)
            return fetch(*given)

        monkeypatch.setattr(type(app.extensions["tripfile.readers"]["app"]), "fetch", count)
        costs = []
        for _ in range(2):
            for _ in range(3):
                make_lead(agent)
            feed(agent)
            asked.clear()
            feed(agent)
            costs.append(len(asked))
        # The log and the leads; contacts are for everybody.
        assert costs == [2, 2]

    def test_the_topic_tells_the_same(self, app: Application, agency: AgencyUnderTest, api: ApiClient) -> None:
        make_lead(api)
        (topic,) = app.extensions["tripfile.plugins"].plugins["events"].topics
        with app.app_context(), acting_as(system(agency.id)):
            page = topic.pull(0, 100)
            assert topic.scope(system(agency.id)) == "events"
        assert [item.seq for item in page.items] == [item["seq"] for item in feed(api)["items"]]


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
