"""Members over HTTP: joining, changing, and what nobody may hand out."""

from __future__ import annotations

import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import service
from core.users.repository import Members

PASSWORD = "a long and quiet passphrase"
_numbers = itertools.count(1)


def draft(**changes: Any) -> dict[str, Any]:
    return {
        "email": f"member-{next(_numbers)}@example.com",
        "name": "João",
        "roles": ["agent"],
        "password": PASSWORD,
    } | changes


def log_in(app: Application, email: str, password: str, agency: AgencyUnderTest) -> int:
    body = {"email": email, "password": password, "agency": agency.slug}
    return ApiClient(app).post("/auth/login", body).status_code


class TestAdd:
    def test_somebody_new_can_sign_in(self, app: Application, api: ApiClient, agency: AgencyUnderTest) -> None:
        body = draft(email="Joao@Example.com", language="pt", zone="Europe/Lisbon")
        made = ok(api.post("/users", body), 201)
        assert (made["email"], made["state"], made["roles"]) == ("joao@example.com", "active", ["agent"])
        assert log_in(app, "joao@example.com", PASSWORD, agency) == 200
        assert [row["id"] for row in ok(api.get("/users?q=joão"))["items"]] == [made["id"]]

    def test_an_account_made_elsewhere_opens_no_second_door(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        body = draft()
        ok(other_agency.member("owner").post("/users", body), 201)
        taken = api.post("/users", body | {"name": "Another", "password": "taken over by this agency"})
        assert problem(taken) == (409, "account_elsewhere")
        assert log_in(app, body["email"], PASSWORD, agency) == 403

    def test_the_operator_attaches_it_and_name_and_password_stay(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        body = draft()
        there = ok(other_agency.member("owner").post("/users", body), 201)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            here = service.attach(body["email"], ["agent"])
        assert (str(here.id), here.name, here.roles) == (there["id"], "João", ["agent"])
        assert log_in(app, body["email"], PASSWORD, agency) == 200

    def test_nobody_joins_twice(self, api: ApiClient) -> None:
        body = draft()
        ok(api.post("/users", body), 201)
        assert problem(api.post("/users", body | {"email": body["email"].upper()})) == (409, "already_member")

    def test_somebody_new_needs_a_password(self, api: ApiClient) -> None:
        body = draft()
        del body["password"]
        assert faults(api.post("/users", body)) == {"/password": "required"}
        assert faults(api.post("/users", draft(password="short"))) == {"/password": "too_short"}

    def test_unknown_roles_and_teams_are_named(self, api: ApiClient) -> None:
        assert faults(api.post("/users", draft(roles=["agent", "king"]))) == {"/roles/1": "unknown_role"}
        assert faults(api.post("/users", draft(teams=[str(uuid4())]))) == {"/teams/0": "unknown_team"}

    def test_a_refusal_leaves_no_account_behind(
        self, app: Application, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        for wrong in ({"zone": "Mars/Base"}, {"language": "xx"}, {"teams": [str(uuid4())]}, {"roles": ["king"]}):
            body = draft(**wrong)
            assert api.post("/users", body).status_code == 422, wrong
            assert log_in(app, body["email"], PASSWORD, agency) == 401, wrong

    def test_a_role_given_twice_is_held_once(self, api: ApiClient) -> None:
        assert ok(api.post("/users", draft(roles=["agent", "agent"])), 201)["roles"] == ["agent"]

    def test_a_team_given_twice_is_joined_once(self, api: ApiClient) -> None:
        team = ok(api.post("/users/teams", {"name": "Safari"}), 201)["id"]
        assert ok(api.post("/users", draft(teams=[team, team])), 201)["teams"] == [team]


class TestEscalation:
    def _deputy(self, api: ApiClient, agency: AgencyUnderTest, **permissions: str) -> ApiClient:
        """A member whose own role may manage people, and little else."""
        granted = {"users.read": "all", "users.manage": "all", **permissions}
        code = f"deputy_{next(_numbers)}"
        ok(api.post("/roles", {"code": code, "name": "Deputy", "permissions": granted}), 201)
        return agency.newcomer(code)

    def test_nobody_hands_out_more_than_they_have(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        for role in ("owner", "admin", "manager", "agent"):
            assert problem(deputy.post("/users", draft(roles=[role]))) == (403, "forbidden"), role

    def test_nor_further(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        for code, scope in (("near", "own"), ("far", "all")):
            body = {"code": code, "name": code, "permissions": {"leads.read": scope}}
            ok(api.post("/roles", body), 201)
        ok(deputy.post("/users", draft(roles=["near"])), 201)
        assert problem(deputy.post("/users", draft(roles=["far"]))) == (403, "forbidden")

    def test_nor_to_themselves(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency)
        answer = deputy.patch(f"/users/{deputy.user_id}", {"roles": ["admin"]}, version="*")
        assert problem(answer) == (403, "forbidden")

    def test_nobody_demotes_or_suspends_who_may_do_more(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency)
        admin = agency.newcomer("admin")
        changes: list[dict[str, Any]] = [{"roles": []}, {"state": "suspended"}]
        for change in changes:
            answer = deputy.patch(f"/users/{admin.user_id}", change, version="*")
            assert problem(answer) == (403, "forbidden"), change
        ok(admin.get("/auth/me"))


class TestChange:
    def test_only_what_was_sent_changes(self, api: ApiClient) -> None:
        team = ok(api.post("/users/teams", {"name": "Safari"}), 201)["id"]
        made = ok(api.post("/users", draft(teams=[team])), 201)
        changed = ok(api.patch(f"/users/{made['id']}", {"roles": ["agent", "accountant"]}, version=made["version"]))
        assert (changed["roles"], changed["teams"]) == (["accountant", "agent"], [team])
        assert changed["version"] == made["version"] + 1
        assert problem(api.patch(f"/users/{made['id']}", {"teams": []}, version=made["version"])) == (
            412,
            "precondition_failed",
        )

    def test_somebody_can_be_suspended_and_come_back(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent")
        for state, status in (("suspended", 401), ("active", 200)):
            ok(api.patch(f"/users/{member.user_id}", {"state": state}, version="*"))
            assert member.get("/auth/me").status_code == status
        assert [row["state"] for row in ok(api.get("/users?state=suspended"))["items"]] == []

    def test_the_last_who_may_do_everything_stays(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        mine = f"/users/{api.user_id}"
        changes: list[dict[str, Any]] = [{"state": "suspended"}, {"roles": ["agent"]}, {"roles": []}]
        for change in changes:
            assert problem(api.patch(mine, change, version="*")) == (409, "last_owner"), change
        assert ok(api.get(mine))["roles"] == ["owner"]
        agency.newcomer("admin")
        assert ok(api.patch(mine, {"roles": ["agent"]}, version="*"))["roles"] == ["agent"]

    def test_a_suspended_administrator_does_not_count(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        admin = agency.newcomer("admin")
        ok(api.patch(f"/users/{admin.user_id}", {"state": "suspended"}, version="*"))
        assert problem(api.patch(f"/users/{api.user_id}", {"roles": ["agent"]}, version="*")) == (409, "last_owner")

    def test_a_member_of_another_agency_is_not_found(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        stranger = other_agency.member("agent")
        assert problem(api.get(f"/users/{stranger.user_id}")) == (404, "not_found")
        answer = api.patch(f"/users/{stranger.user_id}", {"state": "suspended"}, version="*")
        assert problem(answer) == (404, "not_found")


class TestTeams:
    def test_their_names_are_unique_in_an_agency(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        safari = ok(api.post("/users/teams", {"name": "Safari"}), 201)
        other = ok(api.post("/users/teams", {"name": "Other"}), 201)
        ok(other_agency.member("owner").post("/users/teams", {"name": "Safari"}), 201)
        assert problem(api.post("/users/teams", {"name": "Safari"})) == (409, "team_name_taken")
        answer = api.patch(f"/users/teams/{other['id']}", {"name": "Safari"}, version=1)
        assert problem(answer) == (409, "team_name_taken")
        assert ok(api.patch(f"/users/teams/{safari['id']}", {"name": "Safari"}, version=1))["version"] == 1

    def test_what_a_team_shares_is_shared_no_more_when_it_is_dissolved(
        self, api: ApiClient, agency: AgencyUnderTest
    ) -> None:
        ana, rui = agency.newcomer("agent", team="A"), agency.newcomer("agent", team="A")
        lead = ok(ana.post("/leads", {"contact": {"name": "Eva"}}), 201)
        ok(rui.get(f"/leads/{lead['id']}"))
        (team,) = [row for row in ok(api.get("/users/teams"))["items"] if row["name"] == "A"]
        ok(api.delete(f"/users/teams/{team['id']}", version="*"), 204)
        assert problem(rui.get(f"/leads/{lead['id']}")) == (404, "not_found")
        ok(ana.get(f"/leads/{lead['id']}"))
        assert ok(api.get(f"/users/{rui.user_id}"))["teams"] == []


class TestTwoAtOnce:
    def test_two_owners_cannot_both_step_down(self, agency: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        owners = [agency.newcomer("owner"), agency.newcomer("owner")]
        together = threading.Barrier(2)
        count = Members.administrators

        def slowly(members: Members) -> int:
            found = count(members)
            # Both would count before either commits, if nothing held one of them back.
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(timeout=0.5)
            return found

        monkeypatch.setattr(Members, "administrators", slowly)
        with ThreadPoolExecutor(2) as pool:
            answers = list(
                pool.map(lambda owner: owner.patch(f"/users/{owner.user_id}", {"roles": []}, version="*"), owners)
            )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
