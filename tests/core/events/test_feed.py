from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from core import ids
from core.actor import system
from core.auth.events import SessionOpened
from core.db.tenancy import acting_as
from core.events import reading
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem, switch_off
from core.testing.factories import AgencyUnderTest
from tests.core.events.asking import feed, make_lead, told
from tests.core.events.conftest import sold
from tests.core.events.places import Owner

Happen = Callable[..., None]


class TestOrder:
    def test_it_tells_what_happened_with_who_and_what(self, api: ApiClient) -> None:
        lead = make_lead(api)
        page = feed(api)
        item = next(item for item in page["items"] if item["name"] == "leads.lead_created")
        assert item["subject"] == "leads.lead"
        assert item["subject_id"] == item["payload"]["lead_id"] == lead
        assert item["actor"] == {"kind": "user", "id": str(api.user_id)}
        assert item["schema_version"] == 2
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

    @pytest.mark.parametrize("wait", [0, 20])
    def test_a_number_beyond_the_head_is_answered_with_the_head_at_once(self, api: ApiClient, wait: int) -> None:
        """As the topic does: whoever polls would otherwise miss what a restored database numbers again."""
        head = feed(api)["upto"]
        started = time.monotonic()
        assert feed(api, head + 50, wait=wait) == {"items": [], "upto": head, "more": False}
        assert time.monotonic() - started < 10

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


class TestHoles:
    def test_nobody_is_told_what_comes_after_one(self, api: ApiClient, happen: Happen, owner: Owner) -> None:
        happen(sold(), sold(), sold())
        head = feed(api)["upto"]
        owner.execute("DELETE FROM core_event WHERE seq = %s", (head - 1,))
        assert problem(api.get(f"/events?after={head - 2}")) == (503, "events_missing")
        assert feed(api, head)["items"] == []

    @pytest.mark.parametrize("wait", [0, 20])
    def test_nobody_waits_for_what_is_missing_at_the_end(
        self, api: ApiClient, happen: Happen, owner: Owner, wait: int
    ) -> None:
        happen(sold())
        head = feed(api)["upto"]
        owner.execute("DELETE FROM core_event WHERE seq = %s", (head,))
        assert problem(api.get(f"/events?after={head - 1}&wait={wait}")) == (503, "events_missing")


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
        switch_off(api, "leads")
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
        # The look for revocations, once a second, is the system role's.
        reader = app.extensions["tripfile.readers"]["app"]
        fetch = reader.fetch

        def count(*given: Any, **how: Any) -> Any:
            asked.append(given)
            return fetch(*given, **how)

        monkeypatch.setattr(reader, "fetch", count)
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
