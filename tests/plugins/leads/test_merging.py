"""Making two leads one, and two again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock, merging
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.privacy import erasures
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.leads import jobs
from tests.plugins.leads.test_duplicates import asked_again, take_in


def merge(by: ApiClient, into: dict[str, Any], other: dict[str, Any], **fields: str) -> Any:
    body = {"other_id": other["id"], "other_version": other["version"], "fields": fields}
    return by.post(f"/leads/{into['id']}/merge", body, version=into["version"])


def undo(by: ApiClient, made: dict[str, Any]) -> Any:
    return by.post(f"/leads/merges/{made['id']}/undo")


def shown(by: ApiClient, lead: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(by.get(f"/leads/{lead['id']}"))
    return found


def without_version(lead: dict[str, Any]) -> dict[str, Any]:
    apart = {"version", "updated_at", "possible_duplicates"}
    return {name: value for name, value in lead.items() if name not in apart}


def move(by: ApiClient, lead: dict[str, Any], to: str, **more: Any) -> dict[str, Any]:
    moved: dict[str, Any] = ok(by.post(f"/leads/{lead['id']}/status", {"to": to, "note": "So.", **more}, version="*"))
    return moved


@pytest.fixture
def pair(api: ApiClient) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two leads of one client."""
    into = take_in(api, tags=["honeymoon"], budget={"amount": "5000", "currency": "EUR"})
    other = asked_again(
        api,
        into,
        adults=2,
        tags=["beach", "honeymoon"],
        destinations=["Zanzibar"],
        restrictions="No nuts.",
        value={"amount": "4800", "currency": "EUR"},
        note="They called again.",
    )
    return into, other


class TestMerge:
    def test_fills_what_is_empty_and_unites_tags(
        self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, other = pair
        made = ok(merge(api, into, other, destinations="both"))
        assert made["fields"] == ["adults", "destinations", "restrictions", "tags", "value"]
        now = shown(api, into)
        assert (now["destinations"], now["adults"], now["tags"]) == (["Kenya", "Zanzibar"], 2, ["beach", "honeymoon"])
        assert (now["budget"]["amount"], now["value"]["amount"]) == ("5000.00", "4800.00")
        assert now["restrictions"] == "No nuts."

    def test_both_timelines_are_one(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        move(api, other, "contacted")
        note = ok(api.post(f"/leads/{into['id']}/notes", {"text": "They wrote."}), 201)
        ok(merge(api, into, shown(api, other)))
        notes = ok(api.get(f"/leads/{into['id']}/notes?sort=created_at"))["items"]
        assert [(each["text"], each["lead_id"]) for each in notes] == [
            ("They called again.", other["id"]),
            ("They wrote.", into["id"]),
        ]
        steps = ok(api.get(f"/leads/{into['id']}/status"))["items"]
        assert [(each["lead_id"], each["to_status"]) for each in steps] == [
            (into["id"], "new"),
            (other["id"], "new"),
            (other["id"], "contacted"),
            (into["id"], "contacted"),
        ]
        theirs = f"/leads/{into['id']}/notes/{notes[0]['id']}"
        assert ok(api.patch(theirs, {"pinned": True}, version="*"))["pinned"] is True
        assert problem(api.get(f"/leads/{other['id']}/notes/{note['id']}")) == (410, "merged_away")

    def test_contact_about_the_one_is_contact_about_both(
        self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, other = pair
        move(api, other, "contacted")
        made = ok(merge(api, into, shown(api, other)))
        now = shown(api, into)
        assert now["status"] == "contacted"
        own = [each for each in ok(api.get(f"/leads/{into['id']}/status"))["items"] if each["lead_id"] == into["id"]]
        assert [each["to_status"] for each in own] == ["new", "contacted"]
        ok(undo(api, made))
        assert without_version(shown(api, into)) == without_version(into)
        own = ok(api.get(f"/leads/{into['id']}/status"))["items"]
        assert own[-1]["to_status"] == "new"

    def test_both_references_find_it(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        made = ok(merge(api, into, other))

        def found(reference: str) -> list[str]:
            return [each["id"] for each in ok(api.get(f"/leads?q={reference}"))["items"]]

        assert found(other["reference"]) == found(into["reference"]) == [into["id"]]
        ok(api.patch(f"/leads/{into['id']}", {"adults": 3}, version="*"))
        assert found(other["reference"]) == [into["id"]]
        ok(api.patch(f"/leads/{into['id']}", {"adults": 2}, version="*"))
        ok(undo(api, made))
        assert found(other["reference"]) == [other["id"]]

    def test_what_went_into_another_says_so(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        ok(merge(api, into, other))
        address = f"/leads/{other['id']}"
        for answer in (
            api.get(address),
            api.patch(address, {"adults": 1}, version="*"),
            api.post(f"{address}/restore"),
            api.post(f"{address}/status", {"to": "contacted"}, version="*"),
            api.get(f"{address}/notes"),
            api.delete(address, version="*"),
        ):
            assert problem(answer) == (410, "merged_away")
            assert answer.json is not None
            assert answer.json["merged_into"] == into["id"]
        assert problem(merge(api, into, other)) in {(409, "already_merged"), (412, "precondition_failed")}

    def test_each_of_its_routes_says_so_beforehand(self, app: Application) -> None:
        paths = app.test_client().get("/openapi.json").json["paths"]  # type: ignore[index] # it is a document
        about = {path: each for path, each in paths.items() if "/leads/{lead_id}" in path}
        asked = [(path, how, told) for path, each in about.items() for how, told in each.items() if "responses" in told]
        assert len(asked) > 20
        assert [(path, how) for path, how, told in asked if "410" not in told["responses"]] == []

    def test_a_won_lead_stays(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        ok(
            api.patch(
                f"/leads/{other['id']}",
                {"date_mode": "fixed", "budget": {"amount": "5000", "currency": "EUR"}},
                version="*",
            )
        )
        for status in ("contacted", "qualified", "proposal_sent", "won"):
            move(api, other, status)
        assert problem(merge(api, into, shown(api, other))) == (409, "won_lead_stays")
        ok(merge(api, shown(api, other), into))
        assert shown(api, other)["status"] == "won"

    def test_what_does_not_fit_together_is_refused_field_by_field(
        self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, _ = pair
        other = asked_again(api, into, start_date="2027-06-01", end_date="2027-06-10")
        assert faults(merge(api, into, other, end_date="other")) == {"/fields/end_date": "order"}
        assert faults(merge(api, into, other, status="other")) == {"/fields/status": "unknown"}
        assert without_version(shown(api, into)) == without_version(into)

    def test_nobody_merges_what_they_may_not_see(
        self, agency: AgencyUnderTest, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        mine, theirs = take_in(api), take_in(other_agency.member())
        assert problem(merge(other_agency.member(), mine, theirs)) == (404, "not_found")
        assert faults(merge(api, mine, theirs)) == {"/other_id": "unknown"}
        agent = agency.newcomer("agent", team="Asia")
        own = take_in(agent)
        assert faults(merge(agent, own, mine)) == {"/other_id": "unknown"}
        assert problem(merge(agency.member("accountant"), mine, own)) == (403, "forbidden")

    def test_of_two_at_once_one_wins(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        with ThreadPoolExecutor(4) as pool:
            tries = [(into, other), (other, into)] * 2
            answers = sorted(pool.map(lambda each: merge(api, *each).status_code, tries))
        assert answers[0] == 200
        assert all(each in {409, 410, 412} for each in answers[1:])


class TestUndo:
    def test_both_are_as_they_were(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        into, other = pair
        ok(undo(api, ok(merge(api, into, other, destinations="both", start_date="other"))))
        assert without_version(shown(api, into)) == without_version(into)
        assert without_version(shown(api, other)) == without_version(other)
        [note] = ok(api.get(f"/leads/{other['id']}/notes"))["items"]
        assert note["text"] == "They called again."
        assert ok(api.get(f"/leads/{into['id']}/notes"))["items"] == []

    def test_is_refused_where_somebody_changed_it_since(
        self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, other = pair
        made = ok(merge(api, into, other))
        ok(api.patch(f"/leads/{into['id']}", {"adults": 4, "tags": [], "infants": 1}, version="*"))
        answer = undo(api, made)
        assert problem(answer) == (409, "merge_touched_since")
        assert answer.json is not None
        assert [fault["pointer"] for fault in answer.json["errors"]] == ["/adults", "/tags"]

    def test_chains_come_apart_in_order(self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
        first, second = pair
        third = asked_again(api, first)
        one = ok(merge(api, first, second))
        two = ok(merge(api, third, shown(api, first)))
        assert [each["text"] for each in ok(api.get(f"/leads/{third['id']}/notes"))["items"]] == ["They called again."]
        assert problem(undo(api, one)) == (409, "merge_not_undoable")
        ok(undo(api, two))
        ok(undo(api, one))
        for each in (first, second, third):
            assert without_version(shown(api, each)) == without_version(each)

    def test_takes_that_one_may_see_the_one_that_stayed(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        agent = agency.newcomer("agent", team="Asia")
        into = take_in(api)
        other = asked_again(api, into)
        made = ok(merge(api, into, other))
        assert problem(undo(agent, made)) == (404, "not_found")
        ok(api.post(f"/leads/{into['id']}/assignment", {"owner_id": str(agent.user_id)}, version="*"))
        ok(undo(agent, made))

    def test_is_possible_for_thirty_days(
        self, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = ok(merge(api, *pair))
        monkeypatch.setattr(merging, "UNDO_WITHIN", timedelta(0))
        assert problem(undo(api, made)) == (409, "merge_not_undoable")


class TestContacts:
    def test_the_leads_of_who_goes_into_another_go_along_and_come_back(self, api: ApiClient) -> None:
        kept, moved = take_in(api), take_in(api, restrictions="No nuts.")
        into, other = (ok(api.get(f"/contacts/{lead['contact_id']}")) for lead in (kept, moved))
        body = {"other_id": other["id"], "other_version": other["version"]}
        made = ok(api.post(f"/contacts/{into['id']}/merge", body, version="*"))
        now = shown(api, moved)
        assert (now["contact_id"], now["contact_name"], now["restrictions"]) == (into["id"], "Ana Duarte", "No nuts.")
        assert len(ok(api.get(f"/leads?contact_id={into['id']}"))["items"]) == 2
        [event] = ok(api.get(f"/audit?subject_id={moved['id']}&name=leads.lead_changed"))["items"]
        assert event["payload"]["fields"] == ["contact_id"]
        ok(api.post(f"/contacts/merges/{made['id']}/undo"))
        assert without_version(shown(api, moved)) == without_version(moved)
        assert shown(api, kept)["contact_id"] == into["id"]


class TestPrivacy:
    def test_what_is_remembered_goes_with_the_person(
        self, app: Application, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, other = pair
        made = ok(merge(api, into, other))
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(into["contact_id"]), request_id=None)
        assert problem(undo(api, made)) == (404, "not_found")
        [note] = ok(api.get(f"/leads/{into['id']}/notes"))["items"]
        assert note["text"] == "[erased]"
        assert [each["id"] for each in ok(api.get(f"/leads?q={other['reference']}"))["items"]] == [into["id"]]

    def test_somebody_who_was_merged_is_erased_from_all_of_their_leads(self, app: Application, api: ApiClient) -> None:
        kept, moved = take_in(api, restrictions="No fish."), take_in(api, restrictions="No nuts.")
        other = ok(api.get(f"/contacts/{moved['contact_id']}"))
        body = {"other_id": other["id"], "other_version": other["version"]}
        ok(api.post(f"/contacts/{kept['contact_id']}/merge", body, version="*"))
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(other["id"]), request_id=None)
        assert [shown(api, each)["restrictions"] for each in (kept, moved)] == [None, None]

    def test_after_thirty_days_nothing_is_left_of_what_was_not_taken_over(
        self, app: Application, api: ApiClient, pair: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        into, other = pair
        ok(merge(api, into, other))
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            later = clock.now() + timedelta(minutes=1)
            assert jobs.MERGES.count(later) == 1
            assert jobs.MERGES.apply(later, 100) == 1
            assert jobs.MERGES.count(later) == 0
        assert shown(api, into)["restrictions"] == "No nuts."
        assert [each["text"] for each in ok(api.get(f"/leads/{into['id']}/notes"))["items"]] == ["They called again."]
        assert problem(api.get(f"/leads/{other['id']}")) == (410, "merged_away")
