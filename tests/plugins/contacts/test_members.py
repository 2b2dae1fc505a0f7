"""Who is of which household or company."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.privacy import erasures
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from plugins.contacts import jobs
from plugins.contacts.repository import members as stored
from tests.plugins.contacts.test_consents import events
from tests.plugins.contacts.test_duplicates import add
from tests.plugins.contacts.test_merging import merge, shown, undo, without_version


def put(by: ApiClient, group: dict[str, Any], person: dict[str, Any], **more: Any) -> Any:
    return by.post(f"/contacts/{group['id']}/members", {"contact_id": person["id"], **more})


def remove(by: ApiClient, group: dict[str, Any], person: dict[str, Any]) -> Any:
    return by.delete(f"/contacts/{group['id']}/members/{person['id']}")


def members(by: ApiClient, group: dict[str, Any]) -> dict[str, str]:
    found = ok(by.get(f"/contacts/{group['id']}/members"))["items"]
    return {each["name"]: each["role"] + "*" * each["primary"] for each in found}


def memberships(by: ApiClient, person: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["role"] + "*" * each["primary"] for each in shown(by, person)["memberships"]}


@pytest.fixture
def family(api: ApiClient) -> dict[str, Any]:
    return add(api, "Duarte family", kind="household")


@pytest.fixture
def firm(api: ApiClient) -> dict[str, Any]:
    return add(api, "Duarte Ltd", kind="company")


class TestPut:
    def test_people_have_roles_and_one_is_the_one_to_talk_to(
        self, api: ApiClient, family: dict[str, Any], firm: dict[str, Any]
    ) -> None:
        ana, rui = add(api, "Ana", email="ana@example.com"), add(api, "Rui")
        made = ok(put(api, family, ana, role="spouse", primary=True))
        assert (made["name"], made["email"], made["role"], made["primary"]) == (
            "Ana",
            "ana@example.com",
            "spouse",
            True,
        )
        ok(put(api, family, rui))
        ok(put(api, firm, ana, role="travel_manager"))
        assert members(api, family) == {"Ana": "spouse*", "Rui": "member"}
        assert memberships(api, ana) == {"Duarte family": "spouse*", "Duarte Ltd": "travel_manager"}
        found = ok(api.get(f"/contacts?belongs_to={family['id']}&sort=name"))["items"]
        assert [each["name"] for each in found] == ["Ana", "Rui"]

    def test_another_one_to_talk_to_takes_the_place_of_the_first(self, api: ApiClient, family: dict[str, Any]) -> None:
        for name in ("Ana", "Rui"):
            ok(put(api, family, add(api, name), primary=True))
        assert members(api, family) == {"Ana": "member", "Rui": "member*"}

    def test_said_again_it_changes_the_role_and_the_same_changes_nothing(
        self, api: ApiClient, family: dict[str, Any]
    ) -> None:
        ana = add(api, "Ana")
        for role in ("child", "spouse", "spouse"):
            ok(put(api, family, ana, role=role))
        assert members(api, family) == {"Ana": "spouse"}
        assert [each["role"] for each in events(api, family, "member_added")] == ["child"]
        assert [each["role"] for each in events(api, family, "member_changed")] == ["spouse"]

    def test_a_person_is_of_one_household_and_of_many_companies(self, api: ApiClient, family: dict[str, Any]) -> None:
        ana = add(api, "Ana")
        ok(put(api, family, ana))
        other = add(api, "Silva family", kind="household")
        assert problem(put(api, other, ana)) == (409, "contact_in_household")
        for name in ("One Ltd", "Two Ltd"):
            ok(put(api, add(api, name, kind="company"), ana))
        ok(remove(api, family, ana), 204)
        ok(put(api, other, ana))
        assert set(memberships(api, ana)) == {"Silva family", "One Ltd", "Two Ltd"}

    def test_only_people_are_members_and_only_groups_have_them(
        self, api: ApiClient, family: dict[str, Any], firm: dict[str, Any]
    ) -> None:
        ana, rui = add(api, "Ana"), add(api, "Rui")
        for group, member in ((family, firm), (family, family), (ana, rui), (ana, ana), (firm, family)):
            assert faults(put(api, group, member)) == {"/contact_id": "kind"}
        assert faults(put(api, family, ana, role="boss")) == {"/role": "choice"}
        assert faults(put(api, family, {"id": str(UUID(int=7))})) == {"/contact_id": "unknown"}

    def test_of_two_households_at_once_one_gets_the_person(self, api: ApiClient) -> None:
        homes, ana = [add(api, f"Home {n}", kind="household") for n in range(4)], add(api, "Ana")
        with ThreadPoolExecutor(4) as pool:
            answers = sorted(pool.map(lambda home: put(api, home, ana).status_code, homes))
        assert answers == [200, 409, 409, 409]
        assert len(memberships(api, ana)) == 1

    def test_of_many_at_once_there_is_one_to_talk_to(self, api: ApiClient, family: dict[str, Any]) -> None:
        people = [add(api, f"Person {n}") for n in range(6)]
        with ThreadPoolExecutor(3) as pool:
            assert {a.status_code for a in pool.map(lambda each: put(api, family, each, primary=True), people)} == {200}
        assert sorted(members(api, family).values()) == ["member"] * 5 + ["member*"]

    def test_nobody_joins_what_is_being_deleted(self, api: ApiClient) -> None:
        for _ in range(4):
            home, ana = add(api, "Home", kind="household"), add(api, "Ana")
            with ThreadPoolExecutor(2) as pool:
                joined = pool.submit(put, api, home, ana)
                deleted = pool.submit(api.delete, f"/contacts/{home['id']}", version=home["version"])
            told = (joined.result().status_code, deleted.result().status_code)
            assert told in {(200, 409), (200, 412), (404, 204)}

    def test_takes_that_one_may_change_the_group_and_see_the_person(
        self, agency: AgencyUnderTest, api: ApiClient, other_agency: AgencyUnderTest, family: dict[str, Any]
    ) -> None:
        ana, foreign = add(api, "Ana"), other_agency.member()
        assert problem(put(agency.member("accountant"), family, ana)) == (403, "forbidden")
        assert problem(put(agency.newcomer("agent", team="Asia"), family, ana)) == (404, "not_found")
        assert problem(put(foreign, family, add(foreign, "Bea"))) == (404, "not_found")
        assert faults(put(api, family, add(foreign, "Bea"))) == {"/contact_id": "unknown"}
        assert problem(foreign.get(f"/contacts/{family['id']}/members")) == (404, "not_found")


class TestRemove:
    def test_lets_them_be_of_it_no_more(self, api: ApiClient, family: dict[str, Any]) -> None:
        ana = add(api, "Ana", belongs_to=family["id"])
        ok(remove(api, family, ana), 204)
        assert members(api, family) == {}
        assert [each["member_id"] for each in events(api, family, "member_removed")] == [ana["id"]]
        assert problem(remove(api, family, ana)) == (404, "not_found")
        ok(api.delete(f"/contacts/{family['id']}", version="*"), 204)

    def test_who_is_put_away_is_not_listed(self, api: ApiClient, family: dict[str, Any]) -> None:
        ana = add(api, "Ana", belongs_to=family["id"])
        ok(api.delete(f"/contacts/{ana['id']}", version="*"), 204)
        page = ok(api.get(f"/contacts/{family['id']}/members?count=exact"))
        assert (page["items"], page["total"]) == ([], 0)
        ok(api.post(f"/contacts/{ana['id']}/restore"))
        assert members(api, family) == {"Ana": "member"}


class TestMerge:
    def test_who_stays_takes_the_places_of_the_other_and_gives_them_back(
        self, api: ApiClient, family: dict[str, Any], firm: dict[str, Any]
    ) -> None:
        into, other, home = add(api, "Ana"), add(api, "Ana D."), add(api, "Silva family", kind="household")
        ok(put(api, family, into, role="spouse"))
        ok(put(api, home, other, role="parent", primary=True))
        ok(put(api, firm, other, role="assistant", primary=True))
        into, other = shown(api, into), shown(api, other)
        made = ok(merge(api, into, other))
        assert "memberships" in made["fields"]
        assert memberships(api, into) == {"Duarte family": "spouse", "Duarte Ltd": "assistant*"}
        assert members(api, home) == {}
        ok(undo(api, made))
        for each in (into, other):
            assert without_version(shown(api, each)) == without_version(each)

    def test_two_households_are_one_and_come_apart_again(self, api: ApiClient, family: dict[str, Any]) -> None:
        home = add(api, "Duarte", kind="household")
        people = [add(api, name) for name in ("Ana", "Rui", "Eva")]
        for group, person, primary in ((family, 0, True), (home, 1, True), (home, 2, False)):
            ok(put(api, group, people[person], primary=primary))
        made = ok(merge(api, shown(api, family), shown(api, home)))
        assert members(api, family) == {"Ana": "member*", "Rui": "member", "Eva": "member"}
        ok(undo(api, made))
        assert (members(api, family), members(api, home)) == (
            {"Ana": "member*"},
            {"Rui": "member*", "Eva": "member"},
        )

    def test_who_left_in_between_stays_away(self, api: ApiClient, family: dict[str, Any]) -> None:
        home, ana = add(api, "Duarte", kind="household"), add(api, "Ana")
        ok(put(api, home, ana))
        made = ok(merge(api, shown(api, family), shown(api, home)))
        ok(remove(api, family, ana), 204)
        ok(undo(api, made))
        assert members(api, home) == members(api, family) == {}


class TestPrivacy:
    def test_after_thirty_days_nothing_is_left_of_places_that_were_not_taken_over(
        self, app: Application, api: ApiClient, family: dict[str, Any]
    ) -> None:
        into, other = add(api, "Ana", belongs_to=family["id"]), add(api, "Ana")
        ok(put(api, add(api, "Silva family", kind="household"), other))
        ok(merge(api, shown(api, into), shown(api, other)))
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            assert len(stored.memberships_of([UUID(other["id"])])) == 1
            assert jobs.MERGES.apply(clock.now() + timedelta(minutes=1), 100) == 1
            assert stored.memberships_of([UUID(other["id"])]) == []
        assert memberships(api, into) == {"Duarte family": "member"}

    def test_who_is_erased_is_of_nothing(self, app: Application, api: ApiClient, family: dict[str, Any]) -> None:
        ana = add(api, "Ana", belongs_to=family["id"])
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(ana["id"]), request_id=None)
        assert members(api, family) == {}
        assert problem(put(api, family, ana)) == (409, "subject_erased")
