"""Saved views: whose they are, what they ask, and what becomes of those that ask for what is gone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import ids
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

Keep = Callable[..., dict[str, Any]]
NEW = {"entity": "leads.lead", "name": "New ones", "filter": {"status": "new", "sort": "-created_at"}}


@pytest.fixture
def keep(api: ApiClient) -> Keep:
    def save(by: ApiClient = api, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/views", NEW | changes), 201)
        return made

    return save


def named(api: ApiClient) -> list[str]:
    return [each["name"] for each in ok(api.get("/views"))["items"]]


def team_of(api: ApiClient, name: str) -> str:
    found: str = next(each["id"] for each in ok(api.get("/users/teams"))["items"] if each["name"] == name)
    return found


class TestKeeping:
    def test_a_view_is_kept_shown_changed_and_deleted(self, api: ApiClient, keep: Keep) -> None:
        made = keep(columns=["reference", "budget"])
        assert (made["audience"], made["owner_id"], made["broken"]) == ("private", str(api.user_id), [])
        assert made["columns"] == ["reference", "budget"]
        assert ok(api.get(f"/views/{made['id']}")) == made
        changed = ok(api.patch(f"/views/{made['id']}", {"name": "Fresh", "filter": {"q": "Ben"}}, version=1))
        assert (changed["name"], changed["filter"], changed["version"]) == ("Fresh", {"q": "Ben"}, 2)
        assert problem(api.patch(f"/views/{made['id']}", {"name": "Late"}, version=1)) == (412, "precondition_failed")
        ok(api.delete(f"/views/{made['id']}", version=2), 204)
        assert named(api) == []
        log = [each["name"] for each in ok(api.get("/audit?subject=views.view&sort=occurred_at"))["items"]]
        assert log == ["views.view_saved", "views.view_changed", "views.view_deleted"]

    def test_they_are_found_by_list_and_name(self, api: ApiClient, keep: Keep) -> None:
        keep(name="B")
        keep(name="A")
        keep(name="C", entity="contacts.contact", filter={"kind": "person"})
        assert named(api) == ["A", "B", "C"]
        found = ok(api.get("/views?entity=contacts.contact"))["items"]
        assert [each["name"] for each in found] == ["C"]

    def test_what_the_list_would_refuse_is_not_kept(self, api: ApiClient) -> None:
        def refused(**changes: Any) -> dict[str, str]:
            return faults(api.post("/views", NEW | changes))

        assert refused(entity="leads.note") == {"/entity": "unknown"}
        wrong = {"status": "odd", "nothing": "1", "limit": "5", "sort": "size", "view": str(ids.new())}
        assert refused(filter=wrong, columns=["id", "none"]) == {
            "/filter/status": "choice",
            "/filter/nothing": "unknown_parameter",
            "/filter/limit": "unknown_parameter",
            "/filter/view": "unknown_parameter",
            "/filter/sort": "choice",
            "/columns": "choice",
        }
        assert named(api) == []

    def test_whoever_does_not_see_the_list_keeps_none(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        grants = {"views.read": "own", "views.keep": "own"}
        ok(api.post("/roles", {"code": "door", "name": "Door", "permissions": grants}), 201)
        assert faults(agency.newcomer("door").post("/views", NEW)) == {"/entity": "unknown"}


class TestSharing:
    def test_a_private_one_is_nobody_elses(self, agency: AgencyUnderTest, keep: Keep) -> None:
        made, other = keep(by=agency.member("agent")), agency.member("owner")
        assert problem(other.get(f"/views/{made['id']}")) == (404, "not_found")
        assert problem(other.delete(f"/views/{made['id']}", version="*")) == (404, "not_found")
        assert named(other) == []

    def test_a_team_sees_what_is_shared_with_it(self, api: ApiClient, agency: AgencyUnderTest, keep: Keep) -> None:
        asia, europe = agency.member("agent", team="Asia"), agency.member("agent", team="Europe")
        team_id = team_of(api, "Asia")
        made = keep(by=asia, audience="team", team_id=team_id)
        assert (made["audience"], made["owner_id"], made["team_id"]) == ("team", None, team_id)
        assert named(asia) == ["New ones"]
        assert named(agency.newcomer("read_only", team="Asia")) == ["New ones"]
        assert named(europe) == []
        # Whoever shares with all looks after what every team has.
        assert named(agency.member("manager")) == ["New ones"]
        colleague = agency.newcomer("agent", team="Asia")
        ok(colleague.patch(f"/views/{made['id']}", {"name": "Ours"}, version="*"))
        reader = agency.newcomer("read_only", team="Asia")
        assert problem(reader.patch(f"/views/{made['id']}", {"name": "Mine"}, version="*")) == (403, "forbidden")

    def test_sharing_takes_a_permission_that_reaches_as_far(
        self, api: ApiClient, agency: AgencyUnderTest, keep: Keep
    ) -> None:
        agent, _ = agency.member("agent", team="Asia"), agency.member("agent", team="Europe")
        assert problem(agent.post("/views", NEW | {"audience": "agency"})) == (403, "forbidden")
        elsewhere = NEW | {"audience": "team", "team_id": team_of(api, "Europe")}
        assert problem(agent.post("/views", elsewhere)) == (403, "forbidden")
        assert problem(agency.member("read_only").post("/views", elsewhere)) == (403, "forbidden")
        assert faults(api.post("/views", NEW | {"audience": "team"})) == {"/team_id": "required"}
        unknown = NEW | {"audience": "team", "team_id": str(ids.new())}
        assert faults(api.post("/views", unknown)) == {"/team_id": "unknown"}
        assert faults(api.post("/views", unknown | {"audience": "agency"})) == {"/team_id": "not_possible"}
        made = keep(by=agency.member("manager"), audience="agency")
        assert named(agent) == ["New ones"]
        assert problem(agent.delete(f"/views/{made['id']}", version="*")) == (403, "forbidden")

    def test_what_is_shared_can_be_taken_back(self, agency: AgencyUnderTest, keep: Keep) -> None:
        manager = agency.member("manager")
        made = keep(by=manager, audience="agency")
        back = ok(manager.patch(f"/views/{made['id']}", {"audience": "private"}, version="*"))
        assert back["owner_id"] == str(manager.user_id)
        assert named(agency.member("agent")) == []

    def test_another_agency_sees_none(self, api: ApiClient, other_agency: AgencyUnderTest, keep: Keep) -> None:
        theirs = keep(by=other_agency.member("owner"), audience="agency")
        assert named(api) == []
        assert faults(api.get(f"/leads?view={theirs['id']}")) == {"?view": "unknown"}


class TestAPage:
    def test_of_them_costs_the_same_however_many_there_are(
        self, api: ApiClient, keep: Keep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bodies = [{"entity": "leads.lead", "key": key, "label": key, "kind": "text"} for key in ("tier", "card")]
        _, gone = [ok(api.post("/custom-fields", body), 201) for body in bodies]
        costs = []
        for _ in range(3):
            keep(columns=["reference", "custom.tier"], filter={"custom.card": "A"})
        ok(api.post(f"/custom-fields/{gone['id']}/archive", version="*"))
        for _ in range(2):
            seen = Statements()
            with seen.watching(monkeypatch):
                broken = [each["broken"] for each in ok(api.get("/views"))["items"]]
            assert all(broken[:3])
            costs.append(seen.of_the_application)
            for _ in range(9):
                keep(name="Z", columns=["reference", "custom.tier"])
        # The views, and the fields of leads, which may be known.
        assert max(costs) <= 2


class TestPins:
    def test_each_begins_a_list_with_one_view(self, api: ApiClient, agency: AgencyUnderTest, keep: Keep) -> None:
        first, second = keep(name="A", audience="agency"), keep(name="B", audience="agency")
        assert ok(api.call("PUT", f"/views/{first['id']}/pin"))["pinned"] is True
        assert ok(api.call("PUT", f"/views/{second['id']}/pin"))["pinned"] is True
        assert [each["pinned"] for each in ok(api.get("/views"))["items"]] == [False, True]
        assert [each["pinned"] for each in ok(agency.member("agent").get("/views"))["items"]] == [False, False]
        ok(api.delete(f"/views/{first['id']}/pin"), 204)
        assert ok(api.get(f"/views/{second['id']}"))["pinned"] is True
        ok(api.delete(f"/views/{second['id']}/pin"), 204)
        assert ok(api.get(f"/views/{second['id']}"))["pinned"] is False
        ok(api.call("PUT", f"/views/{first['id']}/pin"))
        ok(api.delete(f"/views/{first['id']}", version="*"), 204)

    def test_of_several_at_once_one_is_kept(self, api: ApiClient, keep: Keep) -> None:
        kept = [keep(name=name)["id"] for name in "ABCD"]
        with ThreadPoolExecutor(len(kept)) as pool:
            for _ in range(5):
                for view_id in kept:
                    ok(api.delete(f"/views/{view_id}/pin"), 204)
                answers = [*pool.map(lambda view_id: api.call("PUT", f"/views/{view_id}/pin"), kept)]
                assert [each.status_code for each in answers] == [200] * len(kept)
                assert sum(each["pinned"] for each in ok(api.get("/views"))["items"]) == 1
