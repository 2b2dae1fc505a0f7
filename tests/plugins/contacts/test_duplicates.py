"""Contacts that may be the same person."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest


def person(name: str, *, email: str = "", phone: str = "", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "emails": [{"address": email}] if email else [],
        "phones": [{"number": phone}] if phone else [],
        **more,
    }


def add(by: ApiClient, name: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(by.post("/contacts", person(name, **more)), 201)
    return made


def reasons(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["label"]: [reason["code"] for reason in each["reasons"]] for each in found["items"]}


class TestDraft:
    def test_is_compared_by_address_number_and_name(self, api: ApiClient) -> None:
        add(api, "Ana Duarte", email="ANA@example.com")
        add(api, "Anna Duarte", phone="+351912345678")
        add(api, "Duarte, Ana")
        add(api, "Peter Brown")
        draft = person("Ana Duarte", email="ana@Example.com", phone="+351 912 345 678")
        assert reasons(ok(api.post("/contacts/duplicates", draft))) == {
            "Ana Duarte": ["same_email", "alike_name"],
            "Anna Duarte": ["same_phone", "alike_name"],
            "Duarte, Ana": ["alike_name"],
        }

    def test_the_surest_comes_first(self, api: ApiClient) -> None:
        add(api, "Ana Duarte")
        add(api, "Ana Duarte", email="ana@example.com", phone="+351912345678")
        add(api, "Ana Duarte", email="ana@example.com")
        found = ok(
            api.post("/contacts/duplicates", person("Ana Duarte", email="ana@example.com", phone="+351912345678"))
        )
        assert [each["score"] for each in found["items"]] == [99, 96, 60]

    @pytest.mark.parametrize(
        ("known", "asked"),
        [
            ("Mohammed Al-Sayed", "Muhammad Al Sayed"),
            ("Иван Петров", "Ivan Petrov"),
            ("Anna Müller", "Anna Mueller"),
            ("J. Smith", "John Smith"),
        ],
    )
    def test_a_name_is_found_however_it_is_written(self, api: ApiClient, known: str, asked: str) -> None:
        add(api, known)
        assert known in reasons(ok(api.post("/contacts/duplicates", person(asked))))

    def test_an_address_alone_may_be_a_family_s(self, api: ApiClient) -> None:
        add(api, "Ana Duarte", email="family@example.com")
        [found] = ok(api.post("/contacts/duplicates", person("Peter Brown", email="family@example.com")))["items"]
        assert (found["score"], [each["code"] for each in found["reasons"]]) == (55, ["same_email"])

    def test_a_person_is_no_company(self, api: ApiClient) -> None:
        ok(api.post("/contacts", person("Duarte Travel", email="ana@example.com", kind="company")), 201)
        assert ok(api.post("/contacts/duplicates", person("Duarte Travel", email="ana@example.com")))["items"] == []

    def test_a_number_that_is_none_is_told(self, api: ApiClient) -> None:
        assert faults(api.post("/contacts/duplicates", person("Ana", phone="+4479"))) == {"/phones/0/number": "phone"}

    def test_nobody_of_another_agency_is_found(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        add(other_agency.member(), "Ana Duarte", email="ana@example.com")
        found = ok(api.post("/contacts/duplicates", person("Ana Duarte", email="ana@example.com")))
        assert found == {"items": [], "elsewhere": []}


class TestCreate:
    def test_tells_how_many_share_an_address_or_a_number(self, api: ApiClient) -> None:
        assert "possible_duplicates" not in add(api, "Ana", email="ana@example.com")
        add(api, "Bea", email="bea@example.com", phone="+351912345678")
        made = ok(
            api.post(
                "/contacts",
                {
                    "name": "Ana",
                    "emails": [{"address": "ana@example.com"}, {"address": "bea@example.com"}],
                    "phones": [{"number": "+351912345678"}],
                },
            ),
            201,
        )
        assert made["possible_duplicates"] == 2

    def test_does_not_count_who_was_deleted(self, api: ApiClient) -> None:
        gone = add(api, "Ana", email="ana@example.com")
        ok(api.delete(f"/contacts/{gone['id']}", version="*"), 204)
        assert "possible_duplicates" not in add(api, "Ana", email="ana@example.com")


class TestContact:
    def test_shows_who_else_it_may_be_and_never_itself(self, api: ApiClient) -> None:
        one, other = add(api, "Ana Duarte"), add(api, "Ana Duarte")
        found = ok(api.get(f"/contacts/{one['id']}/duplicates"))
        assert [each["id"] for each in found["items"]] == [other["id"]]

    def test_of_whom_one_may_not_see_it_is_told_whom_to_ask(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        rights = {"contacts.read": "own", "contacts.write": "own"}
        ok(api.post("/roles", {"code": "loner", "name": "Loner", "permissions": rights}), 201)
        loner, colleague = agency.newcomer("loner"), agency.newcomer("loner")
        add(colleague, "Ana Duarte", email="ana@example.com")
        mine = add(loner, "Ana Duarte", email="ana@example.com")
        found = ok(loner.get(f"/contacts/{mine['id']}/duplicates"))
        assert found["items"] == []
        [whom] = found["elsewhere"]
        assert whom.keys() == {"owner_id", "owner_name", "team_id"}
        assert whom["owner_id"] == str(colleague.user_id)

    def test_of_another_agency_there_is_none(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        foreign = add(other_agency.member(), "Ana Duarte")
        assert problem(api.get(f"/contacts/{foreign['id']}/duplicates")) == (404, "not_found")


class TestDistinguish:
    def test_two_who_are_two_are_shown_no_more(self, api: ApiClient) -> None:
        one, other = add(api, "Ana Duarte"), add(api, "Ana Duarte")
        for _ in range(2):
            ok(api.post(f"/contacts/{other['id']}/distinguish", {"other_id": one["id"]}), 204)
        assert ok(api.get(f"/contacts/{one['id']}/duplicates"))["items"] == []
        assert ok(api.get(f"/contacts/{other['id']}/duplicates"))["items"] == []
        ok(api.post(f"/contacts/{one['id']}/confuse", {"other_id": other["id"]}), 204)
        assert len(ok(api.get(f"/contacts/{one['id']}/duplicates"))["items"]) == 1

    def test_nobody_is_told_apart_from_who_is_not_there(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        one, foreign = add(api, "Ana"), add(other_agency.member(), "Ana")
        for other in (one, foreign):
            answer = api.post(f"/contacts/{one['id']}/distinguish", {"other_id": other["id"]})
            assert faults(answer) == {"/other_id": "unknown"}
