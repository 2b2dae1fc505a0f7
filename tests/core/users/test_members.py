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
from core.users.errors import AlreadyMember
from core.users.repository import Members

_numbers = itertools.count(1)


class TestJoin:
    def test_the_operator_attaches_an_account_and_name_and_password_stay(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        agency.member()
        person = other_agency.newcomer("agent")
        there = ok(person.get("/auth/me"))["user"]
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            here = service.attach(there["email"].upper(), ["agent"])
        assert (str(here.id), here.name, here.roles) == (there["id"], there["name"], ["agent"])
        assert ok(person.post("/auth/switch", {"agency": agency.slug}))["agency"]["slug"] == agency.slug

    def test_nobody_joins_twice(self, app: Application, agency: AgencyUnderTest) -> None:
        member = agency.newcomer("agent").user_id
        assert member is not None
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)), pytest.raises(AlreadyMember):
            service.join(member, ["agent"], [], giver=system(agency.id))


class TestEscalation:
    def _deputy(self, api: ApiClient, agency: AgencyUnderTest, **permissions: str) -> ApiClient:
        """A member whose own role may manage people, and little else."""
        granted = {"users.read": "all", "users.manage": "all", **permissions}
        code = f"deputy_{next(_numbers)}"
        ok(api.post("/roles", {"code": code, "name": "Deputy", "permissions": granted}), 201)
        return agency.newcomer(code)

    def test_nobody_hands_out_more_than_they_have(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        member = agency.newcomer("read_only")
        for role in ("owner", "admin", "manager", "agent"):
            answer = deputy.patch(f"/users/{member.user_id}", {"roles": [role]}, version="*")
            assert problem(answer) == (403, "forbidden"), role

    def test_nor_further(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        for code, scope in (("near", "own"), ("far", "all")):
            body = {"code": code, "name": code, "permissions": {"leads.read": scope}}
            ok(api.post("/roles", body), 201)
        address = f"/users/{agency.newcomer('near').user_id}"
        ok(deputy.patch(address, {"roles": ["near"]}, version="*"))
        assert problem(deputy.patch(address, {"roles": ["far"]}, version="*")) == (403, "forbidden")

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

    def test_nobody_joins_a_team_whose_rows_they_may_not_see(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        seller = agency.newcomer("agent", team="North")
        lead = ok(seller.post("/leads", {"contact": {"name": "Eva"}}), 201)
        north = [lead["team_id"]]
        (mine,) = ok(api.get(f"/users/{deputy.user_id}"))["roles"]
        friend, mate = agency.newcomer("read_only"), agency.newcomer(mine)
        for member, change in (
            (deputy, {"teams": north}),
            (mate, {"teams": north}),
            (friend, {"teams": north, "roles": [mine]}),
        ):
            answer = deputy.patch(f"/users/{member.user_id}", change, version="*")
            assert problem(answer) == (403, "forbidden"), change
        assert problem(deputy.get(f"/leads/{lead['id']}")) == (404, "not_found")
        invitation = {"email": "second@example.com", "roles": [mine], "teams": north}
        assert problem(deputy.post("/invitations", invitation)) == (403, "forbidden")
        # Whose own team it is may take others in; nor does a team matter where nothing is seen by it.
        ok(api.patch(f"/users/{deputy.user_id}", {"teams": north}, version="*"))
        ok(deputy.patch(f"/users/{mate.user_id}", {"teams": north}, version="*"))

    def test_nor_in_two_steps(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency, **{"leads.read": "team"})
        (mine,) = ok(api.get(f"/users/{deputy.user_id}"))["roles"]
        nobody = self._deputy(api, agency)
        team = ok(api.post("/users/teams", {"name": "West"}), 201)["id"]
        ok(deputy.patch(f"/users/{nobody.user_id}", {"teams": [team]}, version="*"))
        assert problem(deputy.patch(f"/users/{nobody.user_id}", {"roles": [mine]}, version="*")) == (403, "forbidden")

    def test_nobody_signs_out_or_uninvites_who_may_do_more(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency)
        assert problem(deputy.delete(f"/auth/members/{api.user_id}/sessions")) == (403, "forbidden")
        invitation = ok(api.post("/invitations", {"email": "owner@example.com", "roles": ["owner"]}), 201)
        answer = deputy.delete(f"/invitations/{invitation['id']}", version="*")
        assert problem(answer) == (403, "forbidden")
        ok(api.delete(f"/invitations/{invitation['id']}", version="*"), 204)

    def test_nobody_moves_who_may_do_more(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        deputy = self._deputy(api, agency)
        owner = agency.newcomer("owner", team="South")
        changes: list[dict[str, Any]] = [{"teams": []}, {"reports_to": str(deputy.user_id)}]
        for change in changes:
            answer = deputy.patch(f"/users/{owner.user_id}", change, version="*")
            assert problem(answer) == (403, "forbidden"), change


class TestChange:
    def test_only_what_was_sent_changes(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        made = ok(api.get(f"/users/{agency.newcomer('agent', team='Safari').user_id}"))
        (team,) = made["teams"]
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
        # An administrator cannot make owners: there would never be one again.
        agency.newcomer("admin")
        assert problem(api.patch(mine, {"roles": ["agent"]}, version="*")) == (409, "last_owner")
        agency.newcomer("owner")
        assert ok(api.patch(mine, {"roles": ["agent"]}, version="*"))["roles"] == ["agent"]

    def test_a_suspended_owner_does_not_count(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        second = agency.newcomer("owner")
        ok(api.patch(f"/users/{second.user_id}", {"state": "suspended"}, version="*"))
        assert problem(api.patch(f"/users/{api.user_id}", {"roles": ["agent"]}, version="*")) == (409, "last_owner")

    def test_only_an_owner_makes_and_unmakes_owners(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        admin, agent = agency.newcomer("admin"), agency.newcomer("agent")
        ok(admin.patch(f"/users/{agent.user_id}", {"roles": ["admin"]}, version="*"))
        for user_id, roles in ((agent.user_id, ["owner"]), (admin.user_id, ["owner"]), (api.user_id, ["agent"])):
            assert problem(admin.patch(f"/users/{user_id}", {"roles": roles}, version="*")) == (403, "forbidden")
        answer = admin.patch(f"/users/{api.user_id}", {"state": "suspended"}, version="*")
        assert problem(answer) == (403, "forbidden")
        assert ok(api.patch(f"/users/{agent.user_id}", {"roles": ["owner"]}, version="*"))["roles"] == ["owner"]

    def test_roles_and_teams_given_twice_are_held_once(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        team = ok(api.post("/users/teams", {"name": "Twice"}), 201)["id"]
        body = {"roles": ["agent", "agent"], "teams": [team, team]}
        changed = ok(api.patch(f"/users/{agency.newcomer('agent').user_id}", body, version="*"))
        assert (changed["roles"], changed["teams"]) == (["agent"], [team])

    def test_unknown_roles_and_teams_are_named(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        address = f"/users/{agency.newcomer('agent').user_id}"
        answer = api.patch(address, {"roles": ["agent", "king"]}, version="*")
        assert faults(answer) == {"/roles/1": "unknown_role"}
        answer = api.patch(address, {"teams": [str(uuid4())]}, version="*")
        assert faults(answer) == {"/teams/0": "unknown_team"}

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
