"""Leads that may be the same enquiry."""

from __future__ import annotations

from typing import Any

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest

ANA: dict[str, Any] = {"name": "Ana Duarte", "emails": [{"address": "ana@example.com"}]}


def enquiry(**more: Any) -> dict[str, Any]:
    return {"contact": ANA, "destinations": ["Kenya"], "start_date": "2027-07-01", "end_date": "2027-07-14"} | more


def take_in(by: ApiClient, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(by.post("/leads", enquiry(**more)), 201)
    return made


def asked_again(by: ApiClient, lead: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Another lead of the same contact."""
    body = {name: value for name, value in enquiry(**more).items() if name != "contact"}
    made: dict[str, Any] = ok(by.post("/leads", {**body, "contact_id": lead["contact_id"]}), 201)
    return made


def reasons(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["label"]: [reason["code"] for reason in each["reasons"]] for each in found["items"]}


class TestLead:
    def test_of_one_client_days_and_destination_count(self, api: ApiClient) -> None:
        lead = take_in(api)
        same = asked_again(api, lead)
        near = asked_again(api, lead, start_date="2027-07-20", end_date="2027-07-30", destinations=["Tanzania"])
        asked_again(api, lead, start_date="2028-02-01", end_date="2028-02-10")
        found = ok(api.get(f"/leads/{lead['id']}/duplicates"))
        assert reasons(found) == {
            same["reference"]: ["same_client", "near_dates", "same_destination"],
            near["reference"]: ["same_client", "near_dates"],
        }
        assert [each["score"] for each in found["items"]] == [88, 63]

    def test_who_may_be_the_same_client_counts_less(self, api: ApiClient) -> None:
        lead, other = take_in(api), take_in(api)
        [found] = ok(api.get(f"/leads/{lead['id']}/duplicates"))["items"]
        assert (found["id"], found["score"]) == (other["id"], 86)
        assert found["reasons"][0] == {"code": "alike_client", "weight": 48, "detail": "Ana Duarte: 96 of 100"}

    def test_without_days_only_what_is_open_and_recent_or_goes_there(self, api: ApiClient) -> None:
        lead = take_in(api, start_date=None, end_date=None)
        recent = asked_again(api, lead, start_date=None, end_date=None, destinations=[])
        lost = asked_again(api, lead, start_date=None, end_date=None)
        ok(api.post(f"/leads/{lost['id']}/status", {"to": "lost", "reason": "price", "note": "No."}, version="*"))
        assert reasons(ok(api.get(f"/leads/{lead['id']}/duplicates"))) == {
            recent["reference"]: ["same_client", "recent"]
        }

    def test_of_those_one_may_not_see_it_is_told_whom_to_ask(self, agency: AgencyUnderTest) -> None:
        agent, colleague = agency.newcomer("agent", team="Africa"), agency.newcomer("agent", team="Asia")
        mine, _ = take_in(agent), take_in(colleague)
        found = ok(agent.get(f"/leads/{mine['id']}/duplicates"))
        assert found["items"] == []
        assert [each["owner_id"] for each in found["elsewhere"]] == [str(colleague.user_id)]

    def test_of_another_agency_there_are_none(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        foreign = take_in(other_agency.member())
        assert ok(api.get(f"/leads/{take_in(api)['id']}/duplicates")) == {"items": [], "elsewhere": []}
        assert problem(api.get(f"/leads/{foreign['id']}/duplicates")) == (404, "not_found")


class TestDraft:
    def test_of_a_known_client_and_of_a_new_one(self, api: ApiClient) -> None:
        lead = take_in(api)
        draft = {**enquiry(), "contact_id": lead["contact_id"]}
        del draft["contact"]
        assert list(reasons(ok(api.post("/leads/duplicates", draft)))) == [lead["reference"]]
        assert list(reasons(ok(api.post("/leads/duplicates", enquiry())))) == [lead["reference"]]
        assert len(ok(api.get("/leads"))["items"]) == 1

    def test_says_who_asks_or_is_refused(self, api: ApiClient) -> None:
        assert faults(api.post("/leads/duplicates", {"destinations": ["Kenya"]})) == {"/contact_id": "required"}
        both = {"contact": {"name": "Ana"}, "contact_id": take_in(api)["contact_id"]}
        for path in ("/leads", "/leads/duplicates"):
            assert faults(api.post(path, both)) == {"/contact_id": "either"}
        body = {"contact": {"name": "Ana", "phones": [{"number": "+4479"}]}}
        assert faults(api.post("/leads/duplicates", body)) == {"/contact/phones/0/number": "phone"}


class TestCreate:
    def test_tells_how_many_it_may_be(self, api: ApiClient) -> None:
        lead = take_in(api)
        assert "possible_duplicates" not in lead
        assert asked_again(api, lead)["possible_duplicates"] == 1
        assert take_in(api)["possible_duplicates"] == 2
        assert "possible_duplicates" not in asked_again(api, lead, start_date="2029-01-01", end_date="2029-01-09")


class TestDistinguish:
    def test_two_that_are_two_are_shown_no_more(self, api: ApiClient) -> None:
        lead = take_in(api)
        other = asked_again(api, lead)
        ok(api.post(f"/leads/{other['id']}/distinguish", {"other_id": lead["id"]}), 204)
        assert ok(api.get(f"/leads/{lead['id']}/duplicates"))["items"] == []
        ok(api.post(f"/leads/{lead['id']}/confuse", {"other_id": other["id"]}), 204)
        assert len(ok(api.get(f"/leads/{lead['id']}/duplicates"))["items"]) == 1
