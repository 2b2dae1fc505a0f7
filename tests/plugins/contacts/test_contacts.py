"""Contacts over HTTP."""

from __future__ import annotations

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


class TestCreate:
    def test_a_person_is_named_by_given_and_family_name(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"given_name": "Ana", "family_name": "Duarte"}), 201)
        assert made["name"] == "Ana Duarte"
        assert made["kind"] == "person"

    def test_the_maker_owns_it(self, api: ApiClient) -> None:
        assert ok(api.post("/contacts", {"name": "Ana"}), 201)["owner_id"] == str(api.user_id)

    def test_numbers_are_stored_as_e164_read_by_country(self, api: ApiClient) -> None:
        body = {"name": "Ana", "country": "PT", "phones": [{"number": "912 345 678", "label": "mobile"}]}
        assert ok(api.post("/contacts", body), 201)["phones"] == [{"number": "+351912345678", "label": "mobile"}]

    def test_addresses_keep_their_order_and_lose_their_capitals(self, api: ApiClient) -> None:
        body = {"name": "Ana", "emails": [{"address": "Z@Example.com"}, {"address": "a@example.com"}]}
        made = ok(api.post("/contacts", body), 201)
        assert [entry["address"] for entry in made["emails"]] == ["z@example.com", "a@example.com"]

    def test_an_address_or_a_number_that_comes_twice_is_kept_once(self, api: ApiClient) -> None:
        emails = [{"address": "Ana@Example.com"}, {"address": "b@example.com"}, {"address": "ana@example.com"}]
        phones = [{"number": "+351912345678"}, {"number": "912 345 678", "label": "work"}]
        made = ok(api.post("/contacts", {"name": "Ana", "country": "PT", "emails": emails, "phones": phones}), 201)
        assert [entry["address"] for entry in made["emails"]] == ["ana@example.com", "b@example.com"]
        assert made["phones"] == [{"number": "+351912345678", "label": "work"}]
        assert ok(api.get(f"/contacts/{made['id']}"))["phones"] == made["phones"]

    def test_every_fault_is_told_at_once(self, api: ApiClient) -> None:
        body = {"name": "Ana", "zone": "Mars/Base", "language": "xx", "country": "XX", "phones": [{"number": "+4479"}]}
        assert faults(api.post("/contacts", body)) == {
            "/zone": "zone",
            "/language": "language",
            "/country": "country",
            "/phones/0/number": "phone",
        }

    def test_somebody_without_a_name_is_refused(self, api: ApiClient) -> None:
        assert faults(api.post("/contacts", {"kind": "company"})) == {"/name": "required"}

    def test_a_name_of_blanks_is_none(self, api: ApiClient) -> None:
        assert list(faults(api.post("/contacts", {"name": " \u00a0 "}))) == ["/name"]

    def test_one_made_for_somebody_else_is_shown_all_the_same(self, agency: AgencyUnderTest) -> None:
        agent, colleague = agency.member("agent", team="Africa"), agency.member("agent", team="Asia")
        body = {"name": "Ana", "owner_id": str(colleague.user_id), "team_id": None}
        assert ok(agent.post("/contacts", body), 201)["owner_id"] == str(colleague.user_id)


class TestBelonging:
    def test_a_person_belongs_to_a_household(self, api: ApiClient) -> None:
        family = ok(api.post("/contacts", {"kind": "household", "name": "Duarte family"}), 201)
        ok(api.post("/contacts", {"name": "Ana", "belongs_to": family["id"]}), 201)
        members = ok(api.get(f"/contacts?belongs_to={family['id']}"))
        assert [member["name"] for member in members["items"]] == ["Ana"]

    def test_a_household_belongs_to_nobody(self, api: ApiClient) -> None:
        family = ok(api.post("/contacts", {"kind": "household", "name": "Duarte family"}), 201)
        body = {"kind": "household", "name": "Branch", "belongs_to": family["id"]}
        assert faults(api.post("/contacts", body)) == {"/belongs_to": "kind"}

    def test_a_household_with_members_cannot_be_deleted(self, api: ApiClient) -> None:
        family = ok(api.post("/contacts", {"kind": "household", "name": "Duarte family"}), 201)
        ok(api.post("/contacts", {"name": "Ana", "belongs_to": family["id"]}), 201)
        assert problem(api.delete(f"/contacts/{family['id']}", version="*")) == (409, "contact_has_members")


class TestChange:
    def test_only_what_was_sent_changes(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana", "note": "Vegetarian", "language": "pt"}), 201)
        changed = ok(api.patch(f"/contacts/{made['id']}", {"note": None}, version=made["version"]))
        assert (changed["note"], changed["language"], changed["version"]) == (None, "pt", 2)

    def test_a_derived_name_follows_its_parts_and_a_given_one_stays(self, api: ApiClient) -> None:
        derived = ok(api.post("/contacts", {"given_name": "Ana", "family_name": "Duarte"}), 201)
        given = ok(api.post("/contacts", {"given_name": "Ana", "name": "Ana of Porto"}), 201)
        patch = {"family_name": "Silva"}
        assert ok(api.patch(f"/contacts/{derived['id']}", patch, version=1))["name"] == "Ana Silva"
        assert ok(api.patch(f"/contacts/{given['id']}", patch, version=1))["name"] == "Ana of Porto"

    def test_a_stale_version_changes_nothing(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        ok(api.patch(f"/contacts/{made['id']}", {"name": "Bea"}, version=1))
        assert problem(api.patch(f"/contacts/{made['id']}", {"name": "Cleo"}, version=1)) == (
            412,
            "precondition_failed",
        )
        assert ok(api.get(f"/contacts/{made['id']}"))["name"] == "Bea"

    def test_new_numbers_count_as_a_change_of_the_contact(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        phones = [{"number": "+351912345678"}]
        assert ok(api.patch(f"/contacts/{made['id']}", {"phones": phones}, version=1))["version"] == 2

    def test_an_owner_is_no_change_of_a_contact(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        patch = {"owner_id": None, "team_id": None}
        assert faults(api.patch(f"/contacts/{made['id']}", patch, version=1)) == {
            "/owner_id": "unknown_field",
            "/team_id": "unknown_field",
        }

    def test_without_changes_nothing_happens(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        assert ok(api.patch(f"/contacts/{made['id']}", {}, version=1)) == made
        assert problem(api.patch(f"/contacts/{made['id']}", {}, version=7)) == (412, "precondition_failed")
        assert ok(api.get(f"/audit?subject_id={made['id']}&name=contacts.contact_changed"))["items"] == []


class TestList:
    @pytest.mark.parametrize(
        "question", ["email=ANA@Example.com", "email.in=x,Ana@example.com", "phone=%2B351 912345678"]
    )
    def test_by_address_and_number_however_they_are_spelled(self, api: ApiClient, question: str) -> None:
        body = {"name": "Ana", "emails": [{"address": "ana@example.com"}], "phones": [{"number": "+351912345678"}]}
        made = ok(api.post("/contacts", body), 201)
        assert [row["id"] for row in ok(api.get(f"/contacts?{question}"))["items"]] == [made["id"]]

    def test_by_a_number_that_is_none_finds_nobody(self, api: ApiClient) -> None:
        assert ok(api.get("/contacts?phone=nobody"))["items"] == []

    def test_names_of_any_length_can_be_paged_through(self, api: ApiClient) -> None:
        # A ligature that folds to eighteen letters.
        for _ in range(2):
            ok(api.post("/contacts", {"given_name": "\ufdfa" * 200, "family_name": "\ufdfa" * 200}), 201)
        page = ok(api.get("/contacts?sort=name&limit=1"))
        assert len(ok(api.get(f"/contacts?sort=name&limit=1&cursor={page['next']}"))["items"]) == 1


class TestSearch:
    def test_by_prefix_without_accents_by_address_and_by_number(self, api: ApiClient) -> None:
        body = {
            "name": "Zoë Müller",
            "emails": [{"address": "zoe@mueller.example"}],
            "phones": [{"number": "+4915112345678"}],
        }
        made = ok(api.post("/contacts", body), 201)
        ok(api.post("/contacts", {"name": "Somebody Else"}), 201)
        for words in ("mull", "ZOE mül", "zoe@mueller.example", "%2B4915112345678", "112345678"):
            assert [row["id"] for row in ok(api.get(f"/contacts?q={words}"))["items"]] == [made["id"]], words

    def test_a_changed_name_is_found_and_the_old_one_is_not(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        ok(api.patch(f"/contacts/{made['id']}", {"name": "Bea"}, version=1))
        assert len(ok(api.get("/contacts?q=bea"))["items"]) == 1
        assert ok(api.get("/contacts?q=ana"))["items"] == []

    def test_by_name_ignores_case_and_accents(self, api: ApiClient) -> None:
        for name in ("Zed", "ádam", "Bob", "adam"):
            ok(api.post("/contacts", {"name": name}), 201)
        names = [row["name"] for row in ok(api.get("/contacts?sort=name"))["items"]]
        assert sorted(names[:2]) == ["adam", "ádam"]
        assert names[2:] == ["Bob", "Zed"]


class TestDelete:
    def test_a_deleted_contact_is_out_of_sight_until_restored(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        ok(api.delete(f"/contacts/{made['id']}", version=1), 204)
        assert problem(api.get(f"/contacts/{made['id']}")) == (404, "not_found")
        assert ok(api.get("/contacts?q=ana"))["items"] == []
        ok(api.post(f"/contacts/{made['id']}/restore"))
        assert ok(api.get(f"/contacts/{made['id']}"))["name"] == "Ana"

    def test_what_is_not_deleted_cannot_be_restored(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        assert problem(api.post(f"/contacts/{made['id']}/restore")) == (404, "not_found")

    def test_one_with_leads_stays(self, api: ApiClient) -> None:
        made = ok(api.post("/contacts", {"name": "Ana"}), 201)
        lead = ok(api.post("/leads", {"contact_id": made["id"]}), 201)
        assert problem(api.delete(f"/contacts/{made['id']}", version="*")) == (409, "contact_in_use")
        ok(api.delete(f"/leads/{lead['id']}", version="*"), 204)
        ok(api.delete(f"/contacts/{made['id']}", version="*"), 204)

    def test_nobody_comes_back_to_a_household_that_is_gone(self, api: ApiClient) -> None:
        family = ok(api.post("/contacts", {"kind": "household", "name": "Duarte family"}), 201)
        member = ok(api.post("/contacts", {"name": "Ana", "belongs_to": family["id"]}), 201)
        for made in (member, family):
            ok(api.delete(f"/contacts/{made['id']}", version="*"), 204)
        assert problem(api.post(f"/contacts/{member['id']}/restore")) == (409, "contact_group_deleted")
        ok(api.post(f"/contacts/{family['id']}/restore"))
        assert ok(api.post(f"/contacts/{member['id']}/restore"))["memberships"][0]["group_id"] == family["id"]
