"""Making two contacts one, and two again."""

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
from plugins.contacts import jobs
from tests.plugins.contacts.test_duplicates import add


def merge(by: ApiClient, into: dict[str, Any], other: dict[str, Any], **fields: str) -> Any:
    body = {"other_id": other["id"], "other_version": other["version"], "fields": fields}
    return by.post(f"/contacts/{into['id']}/merge", body, version=into["version"])


def undo(by: ApiClient, made: dict[str, Any]) -> Any:
    return by.post(f"/contacts/merges/{made['id']}/undo")


def shown(by: ApiClient, contact: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(by.get(f"/contacts/{contact['id']}"))
    return found


def without_version(contact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in contact.items() if name not in {"version", "updated_at"}}


def change(by: ApiClient, contact: dict[str, Any], **patch: Any) -> dict[str, Any]:
    changed: dict[str, Any] = ok(by.patch(f"/contacts/{contact['id']}", patch, version="*"))
    return changed


class TestMerge:
    def test_the_one_that_stays_keeps_what_it_says_and_fills_what_it_does_not(self, api: ApiClient) -> None:
        into = add(api, "Ana Duarte", email="ana@example.com", language="pt")
        other = add(api, "A. Duarte", email="duarte@example.com", phone="+351912345678", language="en", zone="UTC")
        made = ok(merge(api, into, other))
        assert (made["into_id"], made["other_id"], made["fields"]) == (
            into["id"],
            other["id"],
            ["emails", "phones", "zone"],
        )
        now = shown(api, into)
        assert (now["name"], now["language"], now["zone"]) == ("Ana Duarte", "pt", "UTC")
        assert [each["address"] for each in now["emails"]] == ["ana@example.com", "duarte@example.com"]
        assert [each["number"] for each in now["phones"]] == ["+351912345678"]

    def test_each_field_can_be_chosen(self, api: ApiClient) -> None:
        into = add(api, "Ana", language="pt", note="Likes trains.", country="PT")
        other = add(api, "Ana Duarte", language="en", note="Vegetarian.", zone="UTC")
        ok(merge(api, into, other, name="other", language="other", note="both", zone="target"))
        now = shown(api, into)
        assert (now["name"], now["language"], now["zone"]) == ("Ana Duarte", "en", None)
        assert now["note"] == "Likes trains.\n\nVegetarian."

    def test_a_field_there_is_not_and_a_field_with_one_value_are_refused(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        assert faults(merge(api, into, other, shoe_size="other", name="both")) == {
            "/fields/name": "value",
            "/fields/shoe_size": "unknown",
        }

    def test_an_address_both_have_is_there_once(self, api: ApiClient) -> None:
        into, other = (add(api, "Ana", email="ana@example.com", phone="+351912345678") for _ in range(2))
        ok(merge(api, into, other))
        now = shown(api, into)
        assert (len(now["emails"]), len(now["phones"])) == (1, 1)

    def test_what_went_into_another_says_so(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        ok(merge(api, into, other))
        for answer in (
            api.get(f"/contacts/{other['id']}"),
            api.patch(f"/contacts/{other['id']}", {"name": "Bea"}, version="*"),
            api.post(f"/contacts/{other['id']}/restore"),
            api.delete(f"/contacts/{other['id']}", version="*"),
        ):
            assert problem(answer) == (410, "merged_away")
            assert answer.json is not None
            assert answer.json["merged_into"] == into["id"]
        assert [each["id"] for each in ok(api.get("/contacts"))["items"]] == [into["id"]]

    def test_both_histories_tell_it(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana", zone="UTC")
        made = ok(merge(api, into, other))
        [merged] = ok(api.get(f"/audit?subject_id={into['id']}&name=contacts.contacts_merged"))["items"]
        assert merged["payload"] == {
            "contact_id": into["id"],
            "other_id": other["id"],
            "merge_id": made["id"],
            "fields": ["zone"],
        }
        [away] = ok(api.get(f"/audit?subject_id={other['id']}&name=contacts.contact_merged_away"))["items"]
        assert away["payload"]["into_id"] == into["id"]

    def test_members_belong_to_the_one_that_stays(self, api: ApiClient) -> None:
        into, other = (add(api, "Duarte family", kind="household") for _ in range(2))
        member = add(api, "Ana", belongs_to=other["id"])
        made = ok(merge(api, into, shown(api, other)))
        assert [each["group_id"] for each in shown(api, member)["memberships"]] == [into["id"]]
        ok(undo(api, made))
        assert [each["group_id"] for each in shown(api, member)["memberships"]] == [other["id"]]

    def test_a_person_does_not_go_into_a_company_nor_into_themselves(self, api: ApiClient) -> None:
        one, company = add(api, "Ana"), add(api, "Ana Ltd", kind="company")
        assert faults(merge(api, company, one)) == {"/other_id": "kind"}
        assert faults(merge(api, one, one)) == {"/other_id": "same"}

    def test_both_must_be_as_they_were_read(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        change(api, other, note="New.")
        assert problem(merge(api, into, other)) == (412, "precondition_failed")
        other, _ = shown(api, other), change(api, into, note="New.")
        assert problem(merge(api, into, other)) == (412, "precondition_failed")
        body = {"other_id": other["id"], "other_version": other["version"]}
        assert api.post(f"/contacts/{into['id']}/merge", body).status_code == 428

    def test_nobody_merges_what_they_may_not_see(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        api, foreign = agency.member(), other_agency.member()
        mine, theirs = add(api, "Ana"), add(foreign, "Ana")
        assert problem(merge(foreign, mine, theirs)) == (404, "not_found")
        assert faults(merge(api, mine, theirs)) == {"/other_id": "unknown"}
        agent = agency.newcomer("agent", team="Asia")
        assert problem(merge(agent, mine, add(agent, "Ana"))) == (404, "not_found")
        assert problem(merge(agency.member("accountant"), mine, mine)) == (403, "forbidden")

    def test_of_two_at_once_one_wins(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Ana")
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda pair: merge(api, *pair).status_code, [(into, other), (other, into)] * 2))
        assert min(answers) == 200
        assert all(each in {409, 410, 412} for each in sorted(answers)[1:])


class TestUndo:
    def test_both_are_as_they_were(self, api: ApiClient) -> None:
        into = add(api, "Ana", email="ana@example.com", note="Likes trains.", given_name="Ana")
        other = add(api, "Ana Duarte", email="b@example.com", phone="+351912345678", note="Vegetarian.", zone="UTC")
        ok(undo(api, ok(merge(api, into, other, name="other", note="both"))))
        assert without_version(shown(api, into)) == without_version(into)
        assert without_version(shown(api, other)) == without_version(other)
        assert ok(api.get(f"/contacts/{into['id']}/merges"))["items"] == []
        assert [each["id"] for each in ok(api.get("/contacts?q=b@example.com"))["items"]] == [other["id"]]

    def test_is_refused_field_by_field_where_somebody_changed_it_since(self, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Bea", zone="UTC", language="pt", email="bea@example.com")
        made = ok(merge(api, into, other))
        change(api, into, zone="Europe/Lisbon", emails=[], country="PT")
        answer = undo(api, made)
        assert problem(answer) == (409, "merge_touched_since")
        assert answer.json is not None
        assert [fault["pointer"] for fault in answer.json["errors"]] == ["/emails", "/zone"]
        change(api, into, zone="UTC", emails=[{"address": "bea@example.com"}])
        ok(undo(api, made))
        now = shown(api, into)
        assert (now["zone"], now["emails"], now["country"]) == (None, [], "PT")

    def test_chains_come_apart_in_order(self, api: ApiClient) -> None:
        first, second, third = (add(api, "Ana", email=f"{name}@example.com") for name in "abc")
        one = ok(merge(api, first, second))
        two = ok(merge(api, third, shown(api, first)))
        assert api.get(f"/contacts/{second['id']}").json["merged_into"] == third["id"]  # type: ignore[index]
        assert len(shown(api, third)["emails"]) == 3
        assert problem(undo(api, one)) == (409, "merge_not_undoable")
        ok(undo(api, two))
        assert api.get(f"/contacts/{second['id']}").json["merged_into"] == first["id"]  # type: ignore[index]
        ok(undo(api, one))
        for each in (first, second, third):
            assert without_version(shown(api, each)) == without_version(each)

    def test_is_possible_once(self, api: ApiClient) -> None:
        made = ok(merge(api, add(api, "Ana"), add(api, "Ana")))
        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(lambda _: undo(api, made).status_code, range(2)))
        assert answers == [200, 404]

    def test_takes_that_one_may_see_the_one_that_stayed(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        agent = agency.newcomer("agent", team="Asia")
        into, other = add(api, "Ana"), add(api, "Ana")
        made = ok(merge(api, into, other))
        assert problem(undo(agent, made)) == (404, "not_found")
        ok(api.post(f"/contacts/{into['id']}/assignment", {"owner_id": str(agent.user_id)}, version="*"))
        ok(undo(agent, made))

    def test_is_possible_for_thirty_days(self, api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
        made = ok(merge(api, add(api, "Ana"), add(api, "Ana")))
        monkeypatch.setattr(merging, "UNDO_WITHIN", timedelta(0))
        assert problem(undo(api, made)) == (409, "merge_not_undoable")

    def test_of_another_agency_there_is_nothing_to_undo(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        made = ok(merge(api, add(api, "Ana"), add(api, "Ana")))
        assert problem(undo(other_agency.member(), made)) == (404, "not_found")


@pytest.fixture
def merged(api: ApiClient) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Two contacts, one of which went into the other, and the merge."""
    into, other = add(api, "Ana"), add(api, "Bea", email="bea@example.com", note="Vegetarian.")
    return into, other, ok(merge(api, into, other))


class TestPrivacy:
    def test_what_is_remembered_goes_with_the_person(
        self, app: Application, api: ApiClient, merged: tuple[dict[str, Any], ...]
    ) -> None:
        into, other, made = merged
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(into["id"]), request_id=None)
        assert problem(undo(api, made)) == (404, "not_found")
        for each in (into, other):
            wanted = {"subject": {"kind": "contacts.contact", "id": each["id"]}, "reason": "asked_for"}
            assert problem(api.post("/privacy/erasures", wanted)) == (409, "subject_erased")

    def test_somebody_is_erased_under_any_id_they_ever_had(
        self, app: Application, api: ApiClient, merged: tuple[dict[str, Any], ...]
    ) -> None:
        into, other, _ = merged
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(other["id"]), request_id=None)
        now = shown(api, into)
        assert (now["name"], now["emails"], now["note"]) == ("[erased]", [], None)
        assert problem(api.patch(f"/contacts/{into['id']}", {"name": "Ana"}, version="*")) == (409, "subject_erased")

    def test_a_hold_under_either_id_keeps_both(self, api: ApiClient, merged: tuple[dict[str, Any], ...]) -> None:
        into, other, _ = merged
        subject = {"kind": "contacts.contact", "id": other["id"]}
        ok(api.post("/privacy/holds", {"subject": subject, "reason": "A claim for damages"}), 201)
        wanted = {"subject": {"kind": "contacts.contact", "id": into["id"]}, "reason": "asked_for"}
        assert problem(api.post("/privacy/erasures", wanted)) == (409, "on_legal_hold")

    def test_after_thirty_days_nothing_is_left_of_what_was_not_taken_over(
        self, app: Application, api: ApiClient, merged: tuple[dict[str, Any], ...]
    ) -> None:
        into, other, made = merged
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            later = clock.now() + timedelta(minutes=1)
            assert jobs.MERGES.count(later) == 1
            assert jobs.MERGES.apply(later, 100) == 1
            assert jobs.MERGES.count(later) == 0
        assert problem(undo(api, made)) == (404, "not_found")
        assert problem(api.get(f"/contacts/{other['id']}")) == (410, "merged_away")
        assert [each["address"] for each in shown(api, into)["emails"]] == ["bea@example.com"]

    def test_nobody_merges_who_was_erased(self, app: Application, api: ApiClient) -> None:
        into, other = add(api, "Ana"), add(api, "Bea")
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(other["id"]), request_id=None)
        assert problem(merge(api, into, shown(api, other))) == (409, "subject_erased")
