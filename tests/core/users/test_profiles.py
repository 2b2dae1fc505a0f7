"""What people are called and how they are written to: theirs alone, and the same in all their agencies."""

from __future__ import annotations

from sqlalchemy import select

from core.actor import system
from core.db import read
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http.application import Application
from core.search import SearchToken
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users import service
from tests.core.users.test_leaving import leave


def events(api: ApiClient) -> list[dict[str, object]]:
    """What the agency's log has of changed profiles."""
    rows: list[dict[str, object]] = ok(api.get("/audit?name=users.profile_changed"))["items"]
    return rows


class TestProfile:
    def test_is_changed_by_its_person_and_found_by_colleagues(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ana = agency.newcomer("agent")
        shown = ana.get("/users/me")
        before = ok(shown)
        etag = {"If-Match": shown.headers["ETag"]}
        body = {"name": "Anastasia Lopes", "language": "pt", "zone": "Europe/Lisbon"}
        answer = ana.patch("/users/me", body, headers=etag)
        assert ok(answer) == before | body | {"version": before["version"] + 1}
        assert answer.headers["ETag"] != shown.headers["ETag"]
        assert ok(ana.get("/auth/me"))["user"]["name"] == "Anastasia Lopes"
        assert ok(api.get(f"/users/{ana.user_id}"))["zone"] == "Europe/Lisbon"
        assert [row["id"] for row in ok(api.get("/users?q=anastasia"))["items"]] == [str(ana.user_id)]
        assert problem(ana.patch("/users/me", {"name": "Ana"}, headers=etag)) == (412, "precondition_failed")

    def test_is_written_into_the_log_without_the_name(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ana = agency.newcomer("agent")
        ok(ana.patch("/users/me", {"name": "Quite Unmistakable"}, version="*"))
        first = events(api)[0]
        assert (first["actor_id"], first["subject_id"]) == (str(ana.user_id), str(ana.user_id))
        assert "Unmistakable" not in str(first)
        ok(ana.patch("/users/me", {"name": "Quite Unmistakable"}, version="*"))
        assert len(events(api)) == 1

    def test_is_the_same_in_every_agency(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        there, here = other_agency.member("owner"), agency.newcomer("agent")
        email = ok(here.get("/users/me"))["email"]
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            service.attach(email, ["agent"])
        ok(here.patch("/users/me", {"name": "Zebedeu Everywhere"}, version="*"))
        assert [row["name"] for row in ok(there.get("/users?q=zebedeu"))["items"]] == ["Zebedeu Everywhere"]
        assert len(events(there)) == 1

    def test_is_nothing_to_an_agency_that_its_person_has_left(
        self, app: Application, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        there, here = other_agency.member("owner"), agency.newcomer("agent")
        assert here.user_id is not None
        email = ok(here.get("/users/me"))["email"]
        with app.app_context(), unit_of_work(), acting_as(system(other_agency.id)):
            service.attach(email, ["agent"])
        ok(leave(there, here))
        before = len(events(there))
        ok(here.patch("/users/me", {"name": "Philomena Gone"}, version="*"))
        assert len(events(there)) == before
        with app.app_context(), acting_as(system(other_agency.id)):
            found = read.rows(select(SearchToken.token).where(SearchToken.token == "philomena"), str)
        assert found == []

    def test_names_every_fault(self, api: ApiClient) -> None:
        answer = api.patch("/users/me", {"language": "xx-nothing", "zone": "Mars/Base"}, version="*")
        assert faults(answer) == {"/language": "language", "/zone": "zone"}
        assert faults(api.patch("/users/me", {"name": " ", "email": "a@b.cd"}, version="*")) == {
            "/name": "pattern",
            "/email": "unknown_field",
        }
        assert problem(api.patch("/users/me", {"name": "Ana"})) == (428, "precondition_required")

    def test_is_nobody_elses_to_change(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        ana = agency.newcomer("agent")
        answer = api.patch(f"/users/{ana.user_id}", {"name": "Other"}, version="*")
        assert faults(answer) == {"/name": "unknown_field"}
        tokens = ok(api.post("/impersonation", {"user_id": str(ana.user_id), "reason": "To help her with a lead"}))
        acting = ApiClient(api.app, tokens["access_token"])
        assert problem(acting.patch("/users/me", {"name": "Other"}, version="*")) == (403, "forbidden")


class TestMembers:
    def test_are_listed_with_their_roles_and_found_by_them(self, agency: AgencyUnderTest) -> None:
        api = agency.newcomer("owner")
        ana, rui = agency.newcomer("accountant"), agency.newcomer("operations")
        found = {role: ok(api.get(f"/users?role={role}"))["items"] for role in ("accountant", "operations", "nothing")}
        assert {role: [row["id"] for row in rows] for role, rows in found.items()} == {
            "accountant": [str(ana.user_id)],
            "operations": [str(rui.user_id)],
            "nothing": [],
        }
        assert found["accountant"][0]["roles"] == ["accountant"]
        both = ok(api.get("/users?role.in=accountant,operations&count=exact"))
        assert both["total"] == 2
        others = {row["id"] for row in ok(api.get("/users?role.ne=accountant&limit=200"))["items"]}
        assert str(ana.user_id) not in others
        assert str(rui.user_id) in others
