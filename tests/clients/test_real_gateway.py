"""The JavaScript client against the real web process: topics, requests, rooms, tokens, and a server that is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.auth.tokens import access
from core.config import Settings
from core.http.application import Application
from core.ids import new
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import WebProcess, environment_for, wait_for
from tests.clients.tabs import Tab

Open = Callable[..., Tab]


@pytest.fixture(scope="module")
def web(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """The web process, on the module's database."""
    process = WebProcess(environment_for(settings), tmp_path_factory.mktemp("web") / "server.log")
    process.start()
    yield process
    process.kill()


@pytest.fixture
def open_tab(web: WebProcess) -> Iterator[Open]:
    """Opens tabs that are connected, and closes them."""
    opened: list[Tab] = []

    def make(*given: str | None) -> Tab:
        opened.append(Tab(web.url, *given))
        opened[-1].until_status("connected")
        return opened[-1]

    yield make
    for tab in opened:
        tab.close()


def make_lead(api: ApiClient) -> Any:
    return ok(api.post("/leads", {"contact": {"name": "Ana"}}), 201)["id"]


def happened(api: ApiClient) -> list[int]:
    """The numbers of everything in the agency's log."""
    return [item["seq"] for item in ok(api.get("/events?limit=200"))["items"]]


class TestTopics:
    def test_two_tabs_show_the_same_in_order_and_once(self, open_tab: Open, api: ApiClient) -> None:
        make_lead(api)
        one, other = open_tab(api.token), open_tab(api.token)
        one.tell("follow", topic="events", after=0)
        other.tell("follow", topic="events", after=0)
        for _ in range(5):
            make_lead(api)
        wanted = happened(api)
        for tab in (one, other):
            wait_for(lambda tab=tab: len(tab.numbers()) >= len(wanted), what=f"{len(wanted)} events")  # type: ignore[misc] # the tab of this turn
            assert tab.numbers() == wanted
        names = {item["name"] for item in one.all("item")}
        assert "leads.lead_created" in names

    def test_a_killed_server_loses_and_repeats_nothing(self, web: WebProcess, open_tab: Open, api: ApiClient) -> None:
        tab = open_tab(api.token)
        tab.tell("follow", topic="events", after=0)
        make_lead(api)
        before = len(happened(api))
        wait_for(lambda: len(tab.numbers()) == before, what="The events before")
        web.kill()
        for _ in range(3):
            make_lead(api)
        web.start()
        tab.until_status("connected", 2)
        make_lead(api)
        wanted = happened(api)
        wait_for(lambda: len(tab.numbers()) >= len(wanted), what=f"{len(wanted)} events")
        assert tab.numbers() == wanted

    def test_one_may_begin_with_what_is_new(self, open_tab: Open, api: ApiClient) -> None:
        make_lead(api)
        before = happened(api)
        tab = open_tab(api.token)
        tab.tell("follow", topic="events", after="head")
        # Until it follows there is nothing new.
        wait_for(lambda: make_lead(api) and tab.numbers(), what="A new event")
        assert min(tab.numbers()) > before[-1]

    def test_what_may_not_be_followed_is_said_once(self, open_tab: Open, api: ApiClient) -> None:
        tab = open_tab(api.token)
        tab.tell("follow", topic="nonsense")
        assert tab.until(lambda line: line.get("left") == "nonsense")["code"] == "unknown_topic"

    def test_marks_are_taken(self, open_tab: Open, api: ApiClient) -> None:
        assert "code" not in open_tab(api.token).tell("ack", topic="notifications", upto=0)


class TestPlugins:
    def test_people_see_who_else_has_a_lead_open_and_types(
        self, open_tab: Open, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        lead_id = make_lead(api)
        ana, ben = open_tab(api.token), open_tab(agency.member("manager").token)
        ana.tell("join", plugin="leads", kind="lead", id=lead_id)
        ana.tell("hear", plugin="leads", event="typing")
        ben.tell("join", plugin="leads", kind="lead", id=lead_id)
        ana.until(lambda line: line.get("presence", {}).get("count") == 2)
        ben.tell("request", plugin="leads", event="typing", data={"lead_id": lead_id})
        heard = ana.until(lambda line: "heard" in line)["heard"]
        assert heard["lead_id"] == lead_id
        ben.tell("leave", id=lead_id)
        ana.until(lambda line: line.get("presence", {}).get("count") == 1, since=len(ana.lines) - 1)

    def test_what_is_refused_says_why(self, open_tab: Open, api: ApiClient) -> None:
        tab = open_tab(api.token)
        refused = tab.tell("request", plugin="leads", event="typing", data={"lead_id": "no"})
        assert refused["errors"][0]["pointer"] == "/lead_id"
        assert tab.tell("request", plugin="leads", event="nonsense", data={})["code"] == "unknown_event"
        assert tab.tell("join", plugin="leads", kind="lead", id=str(new()))["code"] == "room_refused"


class TestTokens:
    def test_one_that_ends_soon_is_replaced_without_a_reconnect(
        self, app: Application, open_tab: Open, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert api.token is not None
        with app.app_context():
            claims = access.verify(api.token)
            monkeypatch.setitem(app.config, "JWT_ACCESS_TOKEN_EXPIRES", timedelta(seconds=8))
            brief = access.make(user_id=claims.sub, session_id=claims.sid, agency_id=claims.agency, extra={})
        tab = open_tab(brief, api.token)
        tab.until(lambda line: line.get("asked") == "expiring")
        tab.tell("follow", topic="events", after=0)
        # Past the end of the first one.
        with pytest.raises(AssertionError, match="It did not come"):
            tab.until(lambda line: line.get("status") == "disconnected", seconds=10)
        seen = len(tab.numbers())
        make_lead(api)
        wait_for(lambda: len(tab.numbers()) > seen, what="An event after the first token's end")

    def test_of_somebody_who_signed_out_end_the_connection(self, open_tab: Open, agency: AgencyUnderTest) -> None:
        person = agency.newcomer("agent")
        tab = open_tab(person.token)
        ok(person.post("/auth/logout"), 204)
        tab.until_status("revoked")
        assert tab.all("asked") == ["connect"]

    def test_that_are_none_are_asked_for_anew(self, web: WebProcess, api: ApiClient) -> None:
        tab = Tab(web.url, "nonsense", api.token)
        try:
            tab.until_status("connected")
            assert tab.all("asked") == ["connect", "refused"]
            assert tab.all("status") == ["refused", "connected"]
        finally:
            tab.close()
