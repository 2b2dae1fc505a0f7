"""Notes through the API."""

from __future__ import annotations

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


class TestWrite:
    def test_a_note_is_found_by_its_country(self, api: ApiClient) -> None:
        note = ok(api.post("/visas", {"country": "VN", "body": "Ask three weeks ahead."}), 201)
        ok(api.post("/visas", {"country": "PT", "body": "None for ninety days."}), 201)
        found = ok(api.get("/visas?country=VN"))
        assert [each["id"] for each in found["items"]] == [note["id"]]

    def test_a_country_that_does_not_exist_is_refused(self, api: ApiClient) -> None:
        assert faults(api.post("/visas", {"country": "XX", "body": "?"})) == {"/country": "country"}


class TestChange:
    def test_only_what_is_sent_changes(self, api: ApiClient) -> None:
        note = ok(api.post("/visas", {"country": "VN", "body": "Ask."}), 201)
        changed = ok(api.patch(f"/visas/{note['id']}", {"body": "Ask early."}, version=note["version"]))
        assert (changed["country"], changed["body"]) == ("VN", "Ask early.")

    def test_a_stale_version_is_refused(self, api: ApiClient) -> None:
        note = ok(api.post("/visas", {"country": "VN", "body": "Ask."}), 201)
        ok(api.patch(f"/visas/{note['id']}", {"body": "Ask early."}, version=note["version"]))
        late = api.patch(f"/visas/{note['id']}", {"body": "Never mind."}, version=note["version"])
        assert problem(late) == (412, "precondition_failed")


class TestRemove:
    def test_a_removed_note_is_gone(self, api: ApiClient) -> None:
        note = ok(api.post("/visas", {"country": "VN", "body": "Ask."}), 201)
        ok(api.delete(f"/visas/{note['id']}", version=note["version"]), 204)
        assert problem(api.get(f"/visas/{note['id']}")) == (404, "not_found")


class TestAgencies:
    def test_another_agency_never_sees_a_note(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        note = ok(api.post("/visas", {"country": "VN", "body": "Ask."}), 201)
        stranger = other_agency.member("owner")
        assert problem(stranger.get(f"/visas/{note['id']}")) == (404, "not_found")
        assert ok(stranger.get("/visas"))["items"] == []
