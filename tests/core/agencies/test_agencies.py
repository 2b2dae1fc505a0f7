"""The agency and its brands over HTTP."""

from __future__ import annotations

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


class TestAgency:
    def test_it_can_be_changed(self, api: ApiClient) -> None:
        shown = ok(api.get("/agencies/current"))
        body = {"name": "Moonrise", "currency": "JPY", "zone": "Asia/Tokyo", "language": "ja", "country": "JP"}
        changed = ok(api.patch("/agencies/current", body, version=shown["version"]))
        assert {name: changed[name] for name in body} == body
        assert changed["slug"] == shown["slug"]
        assert ok(api.patch("/agencies/current", {"country": None}, version=2))["country"] is None

    def test_every_fault_is_told_at_once(self, api: ApiClient) -> None:
        body = {"currency": "XXZ", "zone": "Mars/Base", "language": "xx", "country": "ZZ"}
        assert faults(api.patch("/agencies/current", body, version="*")) == {
            "/currency": "currency",
            "/zone": "zone",
            "/language": "language",
            "/country": "country",
        }

    @pytest.mark.parametrize("body", [{"slug": "mine"}, {"id": "x"}, {"version": 7}, {"created_at": "2020-01-01"}])
    def test_what_is_only_shown_cannot_be_sent(self, api: ApiClient, body: dict[str, object]) -> None:
        assert set(faults(api.patch("/agencies/current", body, version="*")).values()) == {"unknown_field"}

    def test_a_stale_version_changes_nothing(self, api: ApiClient) -> None:
        ok(api.patch("/agencies/current", {"name": "First"}, version=1))
        answer = api.patch("/agencies/current", {"name": "Second"}, version=1)
        assert problem(answer) == (412, "precondition_failed")
        assert ok(api.get("/agencies/current"))["name"] == "First"

    def test_only_those_who_manage_it_change_it(self, agency: AgencyUnderTest) -> None:
        for role in ("manager", "agent", "read_only"):
            member = agency.member(role)
            ok(member.get("/agencies/current"))
            answer = member.patch("/agencies/current", {"name": "Mine"}, version="*")
            assert problem(answer) == (403, "forbidden")

    def test_each_sees_its_own(self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest) -> None:
        ok(other_agency.member("owner").patch("/agencies/current", {"name": "Theirs"}, version="*"))
        assert ok(api.get("/agencies/current"))["id"] == str(agency.id)
        assert ok(api.get("/agencies/current"))["name"] == "Sunrise Travel"


class TestBrands:
    def test_one_is_taken_up_changed_and_given_up(self, api: ApiClient) -> None:
        body = {"code": "sunrise", "name": "Sunrise", "phone": "+351 912 345 678", "website": "https://sunrise.example"}
        made = ok(api.post("/agencies/brands", body), 201)
        assert (made["phone"], made["language"]) == ("+351912345678", "en")
        changed = ok(api.patch(f"/agencies/brands/{made['id']}", {"phone": None, "language": "pt"}, version=1))
        assert (changed["phone"], changed["language"], changed["version"]) == (None, "pt", 2)
        assert [row["id"] for row in ok(api.get("/agencies/brands?code=sunrise"))["items"]] == [made["id"]]
        ok(api.delete(f"/agencies/brands/{made['id']}", version=2), 204)
        assert problem(api.get(f"/agencies/brands/{made['id']}")) == (404, "not_found")

    def test_its_code_is_its_own_in_the_agency(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        body = {"code": "sunrise", "name": "Sunrise"}
        ok(api.post("/agencies/brands", body), 201)
        status, _ = problem(api.post("/agencies/brands", body))
        assert status == 409
        ok(other_agency.member("owner").post("/agencies/brands", body), 201)

    def test_every_fault_is_told_at_once(self, api: ApiClient) -> None:
        body = {"code": "sunrise", "name": "Sunrise", "phone": "12345", "language": "xx"}
        assert faults(api.post("/agencies/brands", body)) == {"/phone": "phone", "/language": "language"}
        made = ok(api.post("/agencies/brands", {"code": "sunrise", "name": "Sunrise"}), 201)
        wrong = {"phone": "12345", "language": "xx"}
        answer = api.patch(f"/agencies/brands/{made['id']}", wrong, version=1)
        assert faults(answer) == {"/phone": "phone", "/language": "language"}

    def test_leads_outlive_the_brand_they_came_under(self, api: ApiClient) -> None:
        made = ok(api.post("/agencies/brands", {"code": "sunrise", "name": "Sunrise"}), 201)
        lead = ok(api.post("/leads", {"contact": {"name": "Ana"}, "brand_id": made["id"]}), 201)
        ok(api.delete(f"/agencies/brands/{made['id']}", version=1), 204)
        assert ok(api.get(f"/leads/{lead['id']}"))["brand_id"] is None
