"""Roles over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from core.roles import builtin
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


def draft(**changes: Any) -> dict[str, Any]:
    return {"code": "night_desk", "name": "Night desk", "permissions": {"leads.read": "team"}} | changes


def built_in(api: ApiClient, code: str) -> dict[str, Any]:
    (found,) = ok(api.get(f"/roles?code={code}"))["items"]
    role: dict[str, Any] = ok(api.get(f"/roles/{found['id']}"))
    return role


class TestBuiltIn:
    def test_every_agency_starts_with_them(self, api: ApiClient) -> None:
        codes = {row["code"] for row in ok(api.get("/roles?built_in=true"))["items"]}
        assert codes == {"owner", "admin", "manager", "agent", "accountant", "operations", "read_only"}

    def test_what_they_allow_follows_the_declarations(self, api: ApiClient) -> None:
        everything = {each["name"] for each in ok(api.get("/roles/permissions"))}
        assert built_in(api, "owner")["permissions"].keys() == everything
        assert built_in(api, "agent")["permissions"]["leads.write"] == "team"
        assert "leads.write" not in built_in(api, "read_only")["permissions"]

    @pytest.mark.parametrize("code", ["owner", "agent"])
    def test_they_cannot_be_changed_or_deleted(self, api: ApiClient, code: str) -> None:
        role = built_in(api, code)
        assert problem(api.patch(f"/roles/{role['id']}", {"name": "Mine"}, version="*")) == (409, "built_in_role")
        assert problem(api.delete(f"/roles/{role['id']}", version="*")) == (409, "built_in_role")

    def test_their_codes_are_taken(self, api: ApiClient) -> None:
        assert problem(api.post("/roles", draft(code="owner"))) == (409, "code_taken")


class TestOwn:
    def test_one_is_made_changed_and_deleted(self, api: ApiClient) -> None:
        made = ok(api.post("/roles", draft()), 201)
        assert made["permissions"] == {"leads.read": "team"}
        grants = {"leads.read": "own", "contacts.read": "all"}
        changed = ok(api.patch(f"/roles/{made['id']}", {"permissions": grants}, version=1))
        assert (changed["permissions"], changed["name"], changed["version"]) == (grants, "Night desk", 2)
        ok(api.delete(f"/roles/{made['id']}", version=2), 204)
        assert problem(api.get(f"/roles/{made['id']}")) == (404, "not_found")

    def test_its_code_is_its_own_in_the_agency(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        ok(api.post("/roles", draft()), 201)
        assert problem(api.post("/roles", draft())) == (409, "code_taken")
        ok(other_agency.member("owner").post("/roles", draft()), 201)

    def test_every_permission_at_fault_is_named(self, api: ApiClient) -> None:
        wrong = {"leads.fly": "all", "users.manage": "own", "leads.read": "team", "visas.read": "all"}
        assert faults(api.post("/roles", draft(permissions=wrong))) == {
            "/permissions/leads.fly": "unknown_permission",
            "/permissions/visas.read": "unknown_permission",
            "/permissions/users.manage": "scope",
        }
        assert faults(api.post("/roles", draft(permissions={"leads.read": "everything"}))) == {
            "/permissions/leads.read": "choice"
        }

    def test_nobody_grants_further_than_they_hold(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        granted = {"roles.read": "all", "roles.manage": "all", "leads.read": "team"}
        ok(api.post("/roles", draft(code="deputy", permissions=granted)), 201)
        deputy = agency.newcomer("deputy")
        wanted = {"leads.read": "all", "leads.write": "own", "roles.read": "all"}
        assert faults(deputy.post("/roles", draft(permissions=wanted))) == {
            "/permissions/leads.read": "beyond_your_own",
            "/permissions/leads.write": "beyond_your_own",
        }
        made = ok(deputy.post("/roles", draft()), 201)
        answer = deputy.patch(f"/roles/{made['id']}", {"permissions": wanted}, version="*")
        assert faults(answer).keys() == {"/permissions/leads.read", "/permissions/leads.write"}

    def test_nobody_takes_what_they_could_not_give(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        grants = {"roles.read": "all", "roles.manage": "all"}
        ok(api.post("/roles", draft(code="keeper", permissions=grants)), 201)
        strong = ok(api.post("/roles", draft(code="strong", permissions={"leads.read": "all"})), 201)
        keeper = agency.newcomer("keeper")
        for role, change in (
            (strong, {"permissions": {}}),
            (strong, {"second_factor_required": False}),
            (built_in(api, "owner"), {"second_factor_required": False}),
        ):
            assert problem(keeper.patch(f"/roles/{role['id']}", change, version="*")) == (403, "forbidden"), change

    def test_one_that_is_held_stays(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        made = ok(api.post("/roles", draft()), 201)
        holder = agency.newcomer("night_desk")
        assert problem(api.delete(f"/roles/{made['id']}", version="*")) == (409, "role_in_use")
        ok(api.patch(f"/users/{holder.user_id}", {"roles": []}, version="*"))
        ok(api.delete(f"/roles/{made['id']}", version="*"), 204)

    def test_that_of_another_agency_is_not_found(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        theirs = ok(other_agency.member("owner").post("/roles", draft()), 201)["id"]
        assert problem(api.get(f"/roles/{theirs}")) == (404, "not_found")
        assert problem(api.patch(f"/roles/{theirs}", {"name": "Mine"}, version="*")) == (404, "not_found")
        assert problem(api.delete(f"/roles/{theirs}", version="*")) == (404, "not_found")


class TestCopy:
    def test_allows_what_the_original_does_and_can_be_changed(self, api: ApiClient) -> None:
        original = built_in(api, "agent")
        copy = ok(api.post(f"/roles/{original['id']}/copy", {"code": "own_agent", "name": "Our agent"}), 201)
        assert (copy["permissions"], copy["built_in"]) == (original["permissions"], False)
        changed = ok(api.patch(f"/roles/{copy['id']}", {"permissions": {"leads.read": "own"}}, version=1))
        assert changed["permissions"] == {"leads.read": "own"}

    @pytest.mark.parametrize("code", builtin.NAMES)
    def test_can_be_of_any_role(self, api: ApiClient, code: str) -> None:
        original = built_in(api, code)
        copy = ok(api.post(f"/roles/{original['id']}/copy", {"code": "copied", "name": "Copied"}), 201)
        assert copy["permissions"] == original["permissions"]

    def test_asks_for_a_second_factor_where_the_original_does(self, api: ApiClient) -> None:
        original = built_in(api, "agent")
        ok(api.patch(f"/roles/{original['id']}", {"second_factor_required": True}, version="*"))
        copy = ok(api.post(f"/roles/{original['id']}/copy", {"code": "own_agent", "name": "Our agent"}), 201)
        assert copy["second_factor_required"] is True
        assert ok(api.get(f"/roles/{copy['id']}"))["second_factor_required"] is True

    def test_grants_nothing_its_maker_lacks(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ok(api.post("/roles", draft(code="clerk", permissions={"roles.read": "all", "roles.manage": "all"})), 201)
        answer = agency.newcomer("clerk").post(
            f"/roles/{built_in(api, 'agent')['id']}/copy", {"code": "own_agent", "name": "Our agent"}
        )
        assert set(faults(answer).values()) == {"beyond_your_own"}

    def test_has_a_code_of_its_own(self, api: ApiClient) -> None:
        original = built_in(api, "agent")
        answer = api.post(f"/roles/{original['id']}/copy", {"code": "agent", "name": "Agent"})
        assert problem(answer) == (409, "code_taken")
