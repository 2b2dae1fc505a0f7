"""The same action on many rows: each as its own request would have done it, or been refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from core import ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http import bulk
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

Make = Callable[..., dict[str, Any]]
Send = Callable[..., Any]


def told(answer: Any) -> dict[str, tuple[int, str | None]]:
    """Status and code by id."""
    return {row["id"]: (row["status"], row["code"]) for row in ok(answer, 200)["rows"]}


def names(api: ApiClient) -> list[str]:
    return [each["name"] for each in ok(api.get("/audit?sort=occurred_at&limit=200"))["items"]]


class TestActions:
    def test_tags_come_and_go(self, api: ApiClient, make: Make, send: Send) -> None:
        one, other = make(tags=["vip"]), make()
        both = [one["id"], other["id"]]
        answer = ok(send("add_tags", fields={"tags": ["asia", "vip"]}, ids=both))
        assert (answer["done"], answer["failed"]) == (2, 0)
        assert [ok(api.get(f"/leads/{each}"))["tags"] for each in both] == [["asia", "vip"], ["asia", "vip"]]
        assert len(ok(api.get("/leads?q=asia"))["items"]) == 2
        ok(send("remove_tags", fields={"tags": ["asia"]}, ids=both))
        assert [ok(api.get(f"/leads/{each}"))["tags"] for each in both] == [["vip"], ["vip"]]

    def test_what_changes_nothing_is_no_news(self, api: ApiClient, make: Make, send: Send) -> None:
        lead = make(tags=["vip"])
        ok(send("add_tags", fields={"tags": ["vip"]}, ids=[lead["id"]]))
        ok(send("remove_tags", fields={"tags": ["asia"]}, ids=[lead["id"]]))
        assert ok(api.get(f"/leads/{lead['id']}"))["version"] == lead["version"]
        assert "leads.lead_changed" not in names(api)

    def test_leads_are_handed_over_and_moved(
        self, api: ApiClient, agency: AgencyUnderTest, make: Make, send: Send
    ) -> None:
        colleague, lead = agency.member("agent"), make()
        ok(send("assign", fields={"owner_id": str(colleague.user_id)}, ids=[lead["id"]]))
        ok(send("move", fields={"to": "contacted", "note": "Called."}, ids=[lead["id"]]))
        found = ok(api.get(f"/leads/{lead['id']}"))
        assert (found["owner_id"], found["status"]) == (str(colleague.user_id), "contacted")
        assert names(api)[-2:] == ["leads.lead_assigned", "leads.lead_moved"]

    def test_leads_are_put_away_and_brought_back(self, api: ApiClient, make: Make, send: Send) -> None:
        made = sorted(make()["id"] for _ in range(3))
        assert ok(send("delete", ids=made))["done"] == 3
        assert ok(api.get("/leads"))["items"] == []
        assert told(send("delete", ids=made)) == dict.fromkeys(made, (404, "not_found"))
        assert ok(send("restore", ids=made))["done"] == 3
        assert len(ok(api.get("/leads"))["items"]) == 3

    def test_contacts_have_theirs(self, api: ApiClient, make: Make, send: Send) -> None:
        busy = make()["contact_id"]
        idle = ok(api.post("/contacts", {"name": "Ana"}), 201)["id"]
        answer = told(send("delete", path="/contacts", ids=[busy, idle]))
        assert answer == {busy: (409, "contact_in_use"), idle: (200, None)}
        assert told(send("restore", path="/contacts", ids=[idle])) == {idle: (200, None)}


class TestEachForItself:
    def test_one_that_fails_is_undone_and_told_as_its_own_request_would(
        self, api: ApiClient, make: Make, send: Send
    ) -> None:
        ready = make(
            destinations=["Kenya"], date_mode="fixed", budget={"amount": "1", "currency": "EUR"}, tags=["first"]
        )
        bare = make()
        answer = ok(send("move", fields={"to": "qualified"}, ids=[bare["id"], ready["id"], bare["id"]]))
        assert (answer["done"], answer["failed"]) == (1, 1)
        refused = next(row for row in answer["rows"] if row["id"] == bare["id"])
        alone = api.post(f"/leads/{bare['id']}/status", {"to": "qualified"}, version="*").json
        assert alone is not None
        assert (refused["status"], refused["code"], refused["errors"]) == (422, alone["code"], alone["errors"])
        assert ok(api.get(f"/leads/{ready['id']}"))["status"] == "qualified"
        assert ok(api.get(f"/leads/{bare['id']}/status"))["items"][-1]["to_status"] == "new"
        assert names(api).count("leads.lead_moved") == 1

    def test_what_it_wrote_before_it_failed_is_undone(
        self, api: ApiClient, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows, their history, and events alike."""
        from core.sdk import publish
        from plugins.leads.errors import AlreadyWon

        bad, good = make(), make()

        def failing(event: Any, **options: Any) -> None:
            publish(event, **options)
            if str(event.lead_id) == bad["id"]:
                raise AlreadyWon

        monkeypatch.setattr("plugins.leads.service.pipeline.publish", failing)
        step = {"to": "contacted", "note": "Called."}
        answer = told(send("move", fields=step, ids=[good["id"], bad["id"]]))
        assert answer == {bad["id"]: (409, "lead_already_won"), good["id"]: (200, None)}
        assert ok(api.get(f"/leads/{bad['id']}")) == bad
        assert len(ok(api.get(f"/leads/{bad['id']}/status"))["items"]) == 1
        assert [each["id"] for each in ok(api.get("/leads?status=contacted"))["items"]] == [good["id"]]
        assert names(api).count("leads.lead_moved") == 1

    def test_a_defect_is_no_row_that_failed(
        self, api: ApiClient, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = make()

        def broken(*_: Any, **__: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("plugins.leads.service.tags.search.index_all", broken)
        assert problem(send("add_tags", fields={"tags": ["asia"]}, ids=[one["id"]])) == (500, "internal_error")
        assert ok(api.get(f"/leads/{one['id']}"))["tags"] == []

    def test_a_version_that_is_named_must_be_met(self, make: Make, send: Send) -> None:
        old, new = make(), make()
        versions = {old["id"]: old["version"] + 1, new["id"]: new["version"]}
        answer = told(send("delete", ids=[old["id"], new["id"]], versions=versions))
        assert answer == {old["id"]: (412, "precondition_failed"), new["id"]: (200, None)}


class TestWhich:
    def test_a_filter_means_what_the_list_shows(self, api: ApiClient, make: Make, send: Send) -> None:
        fair, web = make(source="fair"), make(source="web_form")
        assert set(told(send("add_tags", fields={"tags": ["x"]}, filter={"source.in": "fair,none"}))) == {fair["id"]}
        assert set(told(send("delete", filter={"q": "Ben", "tag": "x"}))) == {fair["id"]}
        assert [each["id"] for each in ok(api.get("/leads"))["items"]] == [web["id"]]
        assert told(send("delete", filter={"source": "none"})) == {}

    def test_too_many_are_refused_with_their_number(
        self, api: ApiClient, make: Make, send: Send, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bulk, "MOST", 2)
        for _ in range(3):
            make()
        answer = send("delete", filter={"status": "new"})
        assert faults(answer) == {"/filter": "too_many"}
        assert "3 rows" in answer.json["errors"][0]["message"]
        assert len(ok(api.get("/leads"))["items"]) == 3

    def test_what_is_wrong_is_named(self, make: Make, send: Send) -> None:
        lead = make()["id"]
        assert faults(send("delete")) == {"/ids": "required"}
        assert faults(send("delete", ids=[lead], filter={"status": "new"})) == {"/ids": "either"}
        assert faults(send("delete", ids=[])) == {"/ids": "length"}
        assert faults(send("delete", ids=[str(ids.new()) for _ in range(501)])) == {"/ids": "length"}
        assert faults(send("delete", filter={"sort": "created_at"})) == {"/filter": "required"}
        assert faults(send("delete", filter={"status": "odd", "x": "1"})) == {
            "/filter/status": "choice", "/filter/x": "unknown_parameter",
        }  # fmt: skip
        assert faults(send("restore", filter={"status": "new"})) == {"/filter": "not_possible"}
        other = str(ids.new())
        assert faults(send("delete", ids=[lead], versions={other: 1})) == {f"/versions/{other}": "unknown"}
        assert faults(send("explode", ids=[lead])) == {"/action/type": "choice"}
        assert faults(send("add_tags", ids=[lead], fields={"tags": [""], "x": 1})) == {
            "/action/tags/0": "pattern", "/action/x": "unknown_field",
        }  # fmt: skip


class TestRights:
    def test_each_action_takes_what_its_own_route_takes(self, agency: AgencyUnderTest, make: Make, send: Send) -> None:
        agent = agency.member("agent")
        mine, theirs = make(by=agent), make()
        assert problem(send("delete", by=agent, ids=[mine["id"]])) == (403, "forbidden")
        assert problem(send("delete", by=agency.member("read_only"), ids=[mine["id"]])) == (403, "forbidden")
        answer = told(send("assign", by=agent, fields={"owner_id": None}, ids=[mine["id"], theirs["id"]]))
        assert answer == {mine["id"]: (200, None), theirs["id"]: (404, "not_found")}

    def test_a_filter_finds_what_one_sees_and_may_change(
        self, api: ApiClient, agency: AgencyUnderTest, make: Make, send: Send
    ) -> None:
        grants = {"leads.read": "all", "leads.write": "own", "contacts.read": "all", "contacts.write": "all"}
        ok(api.post("/roles", {"code": "desk", "name": "Desk", "permissions": grants}), 201)
        clerk = agency.newcomer("desk")
        make()
        mine = make(by=clerk)
        assert set(told(send("add_tags", by=clerk, fields={"tags": ["x"]}, filter={"status": "new"}))) == {mine["id"]}

    def test_nobody_waits_for_rows_they_may_not_change(
        self, app: Application, agency: AgencyUnderTest, make: Make, send: Send
    ) -> None:
        agent = agency.member("agent")
        mine, theirs = make(by=agent), make()
        kept = text("SELECT id FROM leads_lead WHERE id = :id FOR UPDATE")
        with ThreadPoolExecutor(1) as thread, app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.execute(kept, {"id": theirs["id"]})
            asked = {"by": agent, "fields": {"tags": ["x"]}, "ids": [mine["id"], theirs["id"]]}
            answer = told(thread.submit(send, "add_tags", **asked).result(timeout=10))
        assert answer == {mine["id"]: (200, None), theirs["id"]: (404, "not_found")}

    def test_another_agencys_rows_are_none(self, other_agency: AgencyUnderTest, make: Make, send: Send) -> None:
        theirs = make(by=other_agency.member("owner"))
        assert told(send("delete", ids=[theirs["id"]])) == {theirs["id"]: (404, "not_found")}
        assert told(send("delete", filter={"status": "new"})) == {}


class TestOnce:
    def test_it_takes_a_key_and_does_nothing_twice(self, api: ApiClient, make: Make) -> None:
        body = {"action": {"type": "move", "to": "contacted", "note": "Called."}, "ids": [make()["id"]]}
        assert problem(api.post("/leads/bulk", body)) == (400, "idempotency_key_required")
        first = api.post("/leads/bulk", body, headers={"Idempotency-Key": "key-1"})
        again = api.post("/leads/bulk", body, headers={"Idempotency-Key": "key-1"})
        assert first.get_data() == again.get_data()
        assert names(api).count("leads.lead_moved") == 1

    def test_two_at_once_wait_for_each_other_and_lose_nothing(self, api: ApiClient, make: Make, send: Send) -> None:
        made = [make()["id"] for _ in range(12)]
        tags = [f"tag{number}" for number in range(4)]
        with ThreadPoolExecutor(4) as threads:
            orders = [made, made[::-1], made[6:] + made[:6], made[::2] + made[1::2]]
            asked = [
                threads.submit(send, "add_tags", fields={"tags": [tag]}, ids=order)
                for tag, order in zip(tags, orders, strict=True)
            ]
            answers = [told(each.result()) for each in asked]
        assert all(set(answer.values()) == {(200, None)} for answer in answers)
        assert [ok(api.get(f"/leads/{each}"))["tags"] for each in made] == [tags] * 12
