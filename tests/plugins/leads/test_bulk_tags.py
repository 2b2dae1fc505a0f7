"""Tags of many leads at once: judged each for itself, changed in a few statements."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import ids
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

Enquire = Callable[..., dict[str, Any]]


def send(api: ApiClient, kind: str, tags: list[str], leads: list[str], **more: Any) -> dict[str, Any]:
    """The rows of a bulk request, by id."""
    body = {"action": {"type": kind, "tags": tags}, "ids": leads, **more}
    answer = ok(api.post("/leads/bulk", body, headers={"Idempotency-Key": str(ids.new())}))
    assert answer["done"] + answer["failed"] == len(answer["rows"])
    return {row["id"]: row for row in answer["rows"]}


class TestEachForItself:
    def test_what_its_own_request_would_have_met_is_told_and_the_others_are_done(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        fine, old, full, target, gone = (enquire(tags=["first"]) for _ in range(5))
        ok(api.patch(f"/leads/{target['id']}", {"contact_id": gone["contact_id"]}, version="*"))
        ok(api.patch(f"/leads/{full['id']}", {"tags": [f"tag {number}" for number in range(30)]}, version="*"))
        merge = {"other_id": gone["id"], "other_version": gone["version"]}
        ok(api.post(f"/leads/{target['id']}/merge", merge, version="*"))
        theirs = ok(other_agency.member().post("/leads", {"contact": {"name": "Eva"}}), 201)["id"]
        nobody = str(ids.new())
        asked = [fine["id"], old["id"], full["id"], gone["id"], theirs, nobody]
        rows = send(api, "add_tags", ["vip", "vip", "first"], asked, versions={old["id"]: 9, fine["id"]: 1})
        assert {each: (rows[each]["status"], rows[each]["code"]) for each in asked} == {
            fine["id"]: (200, None),
            old["id"]: (412, "precondition_failed"),
            full["id"]: (422, "invalid"),
            gone["id"]: (410, "merged_away"),
            theirs: (404, "not_found"),
            nobody: (404, "not_found"),
        }
        assert rows[full["id"]]["errors"][0]["pointer"] == "/tags"
        shown = ok(api.get(f"/leads/{fine['id']}"))
        assert (shown["tags"], shown["version"]) == (["first", "vip"], 2)
        assert shown["updated_at"] > fine["updated_at"]
        assert ok(api.get(f"/leads/{old['id']}"))["tags"] == ["first"]
        assert ok(other_agency.member().get(f"/leads/{theirs}"))["tags"] == []
        assert [each["id"] for each in ok(api.get("/leads?q=vip"))["items"]] == [fine["id"]]
        [event] = ok(api.get(f"/audit?subject_id={fine['id']}&name=leads.lead_changed"))["items"]
        assert event["payload"] == {"lead_id": fine["id"], "fields": ["tags"]}

    def test_within_the_callers_reach(self, agency: AgencyUnderTest, enquire: Enquire) -> None:
        agent, lead = agency.newcomer("agent", team="Asia"), enquire()
        mine = enquire(by=agent)
        rows = send(agent, "add_tags", ["vip"], [lead["id"], mine["id"]])
        assert (rows[lead["id"]]["status"], rows[mine["id"]]["status"]) == (404, 200)

    def test_only_what_is_named_is_taken_away_and_found_no_more(self, api: ApiClient, enquire: Enquire) -> None:
        one, other = enquire(tags=["asia", "vip"]), enquire(tags=["asia"])
        ok(api.post(f"/leads/{one['id']}/notes", {"text": "Asia, of course."}), 201)
        send(api, "remove_tags", ["asia", "unknown"], [one["id"], other["id"]])
        assert [ok(api.get(f"/leads/{each['id']}"))["tags"] for each in (one, other)] == [["vip"], []]
        assert ok(api.get("/leads?q=asia"))["items"] == []
        assert len(ok(api.get("/leads?q=kenya"))["items"]) == 2

    def test_leads_are_found_by_the_reference_of_what_went_into_them(self, api: ApiClient, enquire: Enquire) -> None:
        target = enquire()
        gone = enquire(contact_id=target["contact_id"])
        ok(api.post(f"/leads/{target['id']}/merge", {"other_id": gone["id"], "other_version": 1}, version="*"))
        send(api, "add_tags", ["vip"], [target["id"]])
        assert [each["id"] for each in ok(api.get(f"/leads?q={gone['reference']}"))["items"]] == [target["id"]]


class TestAtOnce:
    def test_everybodys_tags_are_there(self, api: ApiClient, enquire: Enquire) -> None:
        leads = [enquire()["id"] for _ in range(5)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: send(api, "add_tags", [f"tag {number}", "all"], leads), range(4)))
        for each in leads:
            shown = ok(api.get(f"/leads/{each}"))
            assert (shown["tags"], shown["version"]) == (["all", "tag 0", "tag 1", "tag 2", "tag 3"], 5)


class TestMany:
    @pytest.mark.parametrize("kind", ["add_tags", "remove_tags"])
    def test_take_as_many_statements_as_few(
        self, api: ApiClient, enquire: Enquire, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        leads = [enquire(tags=["asia", "late"])["id"] for _ in range(12)]

        def cost(tag: str, of: list[str]) -> int:
            seen = Statements()
            with monkeypatch.context() as patched, seen.watching(patched):
                rows = send(api, kind, [tag], of)
            assert {row["status"] for row in rows.values()} == {200}
            return seen.of_the_application

        few, many = ("new", "newer") if kind == "add_tags" else ("asia", "late")
        assert cost(few, leads[:2]) == cost(many, leads)
