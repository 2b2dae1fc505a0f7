"""Postal addresses, and what companies are registered by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.errors import Invalid
from core.http.application import Application
from core.privacy import erasures
from core.testing.clients import ApiClient, faults, ok
from plugins.contacts.service.details import vat_number
from tests.plugins.contacts.test_duplicates import add, person
from tests.plugins.contacts.test_members import put
from tests.plugins.contacts.test_merging import change, merge, shown, undo, without_version

PORTO = {"lines": ["Rua das Flores 12", "3.º esq."], "postal_code": "4050-262", "city": "Porto", "country": "PT"}
LYON = {"lines": ["5 rue Royale"], "postal_code": "69001", "city": "Lyon", "country": "FR", "kind": "billing"}


def whole(entry: dict[str, Any]) -> dict[str, Any]:
    return {"region": None, "kind": "home", **entry}


class TestAddresses:
    def test_are_kept_in_order_and_replaced_as_a_whole(self, api: ApiClient) -> None:
        ana = add(api, "Ana", addresses=[PORTO, LYON])
        assert ana["addresses"] == [whole(PORTO), whole(LYON)]
        assert ana["postal_address"] == whole(PORTO)
        assert change(api, ana, addresses=[LYON])["addresses"] == [whole(LYON)]
        assert change(api, ana, note="New.")["addresses"] == [whole(LYON)]
        assert change(api, ana, addresses=[])["postal_address"] is None

    def test_letters_go_to_the_household_of_who_has_none_of_their_own(self, api: ApiClient) -> None:
        family, ana = add(api, "Duarte family", kind="household", addresses=[PORTO]), add(api, "Ana")
        assert ana["postal_address"] is None
        ok(put(api, family, ana))
        found = shown(api, ana)
        assert (found["addresses"], found["postal_address"]) == ([], whole(PORTO))
        assert change(api, ana, addresses=[LYON])["postal_address"] == whole(LYON)

    def test_a_country_there_is_not_is_told_with_its_place(self, api: ApiClient) -> None:
        body = person("Ana", addresses=[PORTO, {**LYON, "country": "XX"}])
        assert faults(api.post("/contacts", body)) == {"/addresses/1/country": "country"}

    def test_are_united_and_given_back(self, api: ApiClient) -> None:
        into, other = add(api, "Ana", addresses=[PORTO]), add(api, "Ana", addresses=[{**PORTO, "kind": "work"}, LYON])
        made = ok(merge(api, into, other))
        assert made["fields"] == ["addresses"]
        assert shown(api, into)["addresses"] == [whole(PORTO), whole(LYON)]
        ok(undo(api, made))
        for each in (into, other):
            assert without_version(shown(api, each)) == without_version(each)

    def test_nothing_is_left_of_who_is_erased(self, app: Application, api: ApiClient) -> None:
        ana = add(api, "Ana", addresses=[PORTO])
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            erasures.erase("contacts.contact", UUID(ana["id"]), request_id=None)
        assert shown(api, ana)["addresses"] == []


class TestCompany:
    def test_has_numbers_and_a_website(self, api: ApiClient) -> None:
        said = {"vat_number": "pt 501 964 843", "registration_number": "12345", "website": "https://duarte.example"}
        firm = add(api, "Duarte Ltd", kind="company", **said)
        assert firm["vat_number"] == "PT501964843"
        assert (firm["registration_number"], firm["website"]) == ("12345", "https://duarte.example")
        assert change(api, firm, vat_number=None)["vat_number"] is None

    def test_somebody_who_works_for_themselves_has_them_too(self, api: ApiClient) -> None:
        assert add(api, "Ana", vat_number="501964843", country="PT")["vat_number"] == "PT501964843"

    def test_a_number_of_a_country_is_looked_at(self, api: ApiClient) -> None:
        body = person("Duarte Ltd", kind="company", vat_number="PT501964844")
        assert faults(api.post("/contacts", body)) == {"/vat_number": "vat_number"}

    def test_the_better_number_wins_a_merge(self, api: ApiClient) -> None:
        into, other = (
            add(api, "Duarte", kind="company"),
            add(api, "Duarte Ltd", kind="company", vat_number="PT501964843"),
        )
        made = ok(merge(api, into, other))
        assert (made["fields"], shown(api, into)["vat_number"]) == (["vat_number"], "PT501964843")


class TestVatNumber:
    @pytest.mark.parametrize(
        ("sent", "country", "stored"),
        [
            ("DE 136695976", None, "DE136695976"),
            ("136695976", "DE", "DE136695976"),
            ("094259216", "GR", "EL094259216"),
            ("EL 094259216", None, "EL094259216"),
            ("27aapfu0939f1zv", "IN", "27AAPFU0939F1ZV"),
            ("300 000 000", "SA", "300000000"),
            ("FR40303265045", "DE", "FR40303265045"),
        ],
    )
    def test_is_stored_in_one_way(self, sent: str, country: str | None, stored: str) -> None:
        assert vat_number(sent, country=country) == stored

    @pytest.mark.parametrize(
        ("sent", "country", "code"),
        [("136695976", None, "country"), ("136695975", "DE", "vat_number"), ("DE1", None, "vat_number")],
    )
    def test_is_refused_where_it_is_none(self, sent: str, country: str | None, code: str) -> None:
        with pytest.raises(Invalid) as refused:
            vat_number(sent, country=country)
        assert [fault.code for fault in refused.value.errors] == [code]
