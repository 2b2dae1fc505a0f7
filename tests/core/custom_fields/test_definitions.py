"""The fields an agency adds: made, changed, put in order, archived and restored."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.custom_fields.schemas import MAX_FIELDS
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.custom_fields.made import EVERY, TIERS, field, lead


def change(api: ApiClient, made: Any, **changes: Any) -> Any:
    return api.patch(f"/custom-fields/{made['id']}", changes, version="*")


def keys(api: ApiClient) -> list[str]:
    return [each["key"] for each in ok(api.get("/custom-fields?archived=false"))["items"]]


class TestAdding:
    def test_says_everything_that_does_not_go_together(self, api: ApiClient) -> None:
        base = {"entity": "leads.lead", "key": "tier", "label": "Tier"}
        assert faults(api.post("/custom-fields", {**base, "kind": "choice"})) == {"/choices": "required"}
        wrong = {**base, "entity": "leads.note", "kind": "date", "decimals": 2, "choices": [*TIERS, TIERS[0]]}
        assert faults(api.post("/custom-fields", wrong)) == {
            "/entity": "unknown",
            "/choices": "duplicate",
            "/decimals": "value",
        }
        default = {**base, "kind": "number", "decimals": 1, "default": "1.23"}
        assert faults(api.post("/custom-fields", default)) == {"/default": "decimals"}

    def test_two_at_once_with_one_key_leave_one(self, api: ApiClient) -> None:
        body = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text"}
        with ThreadPoolExecutor(4) as pool:
            answers = [*pool.map(lambda _: api.post("/custom-fields", body), range(4))]
        assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
        assert {problem(each) for each in answers if each.status_code == 409} == {(409, "custom_field_key_taken")}

    def test_ends_at_fifty_in_use(self, api: ApiClient) -> None:
        made = [field(api, f"field_{number}", "text") for number in range(MAX_FIELDS)]
        more = {"entity": "leads.lead", "key": "one_more", "label": "One more", "kind": "text"}
        assert problem(api.post("/custom-fields", more)) == (409, "too_many_custom_fields")
        assert api.post("/custom-fields", more | {"entity": "contacts.contact"}).status_code == 201
        ok(api.post(f"/custom-fields/{made[0]['id']}/archive", version="*"))
        ok(api.post("/custom-fields", more), 201)
        assert problem(api.post(f"/custom-fields/{made[0]['id']}/restore", version="*")) == (
            409, "too_many_custom_fields",
        )  # fmt: skip

    def test_is_for_who_manages_fields(self, agency: AgencyUnderTest) -> None:
        body = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text"}
        assert agency.member("manager").post("/custom-fields", body).status_code == 403
        assert agency.member("admin").post("/custom-fields", body).status_code == 201


class TestChanging:
    def test_the_type_only_while_nothing_has_a_value(self, api: ApiClient) -> None:
        made = field(api, "fee", "text")
        number = ok(change(api, made, kind="number", decimals=2))
        assert (number["kind"], number["decimals"]) == ("number", 2)
        lead(api, {"fee": "1.25"})
        assert problem(change(api, made, decimals=3)) == (409, "custom_field_has_values")
        assert problem(change(api, made, kind="text", decimals=0)) == (409, "custom_field_has_values")
        assert ok(change(api, made, label="Service fee", required=True))["label"] == "Service fee"

    def test_a_choice_that_is_renamed_stays_with_who_has_it(self, api: ApiClient) -> None:
        made = field(api, "tier", "choice", choices=TIERS)
        gold = lead(api, {"tier": "gold"})
        ok(change(api, made, choices=[{"code": "gold", "label": "Golden circle"}]))
        assert ok(api.get(f"/leads/{gold['id']}"))["custom_fields"] == {"tier": "gold"}
        without = change(api, made, choices=[{"code": "silver", "label": "Silver"}])
        assert faults(without) == {"/choices": "in_use"}

    def test_a_retired_choice_is_kept_and_found_but_not_chosen(self, api: ApiClient) -> None:
        made = field(api, "tier", "choice", choices=TIERS)
        gold = lead(api, {"tier": "gold"})
        ok(change(api, made, choices=[{**TIERS[0], "retired": True}, TIERS[1]]))
        assert [each["id"] for each in ok(api.get("/leads?custom.tier=gold"))["items"]] == [gold["id"]]
        body = {"contact": {"name": "Ana"}, "custom_fields": {"tier": "gold"}}
        assert faults(api.post("/leads", body)) == {"/custom_fields/tier": "choice"}

    def test_a_default_that_no_longer_fits_is_refused(self, api: ApiClient) -> None:
        made = field(api, "tier", "choice", choices=TIERS, default="gold")
        assert faults(change(api, made, choices=TIERS[1:])) == {"/default": "choice"}

    def test_a_lost_race_is_told(self, api: ApiClient) -> None:
        made = field(api, "tier", "text")
        ok(change(api, made, label="Tier of the client"))
        late = api.patch(f"/custom-fields/{made['id']}", {"label": "Level"}, version=made["version"])
        assert problem(late) == (412, "precondition_failed")

    def test_key_and_entity_stay(self, api: ApiClient) -> None:
        assert faults(change(api, field(api, "tier", "text"), key="level")) == {"/key": "unknown_field"}


class TestArchiving:
    def test_hides_a_field_and_keeps_its_values(self, six: ApiClient) -> None:
        made = lead(six, EVERY)
        tier = next(each for each in ok(six.get("/custom-fields"))["items"] if each["key"] == "tier")
        assert ok(six.post(f"/custom-fields/{tier['id']}/archive", version="*"))["archived"]
        rest = {key: value for key, value in EVERY.items() if key != "tier"}
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"] == rest
        assert faults(six.get("/leads?custom.tier=gold")) == {"?custom.tier": "unknown_parameter"}
        sent = {"custom_fields": {"tier": "silver"}}
        refused = six.patch(f"/leads/{made['id']}", sent, version="*")
        assert faults(refused) == {"/custom_fields/tier": "unknown_field"}
        body = {"entity": "leads.lead", "key": "tier", "label": "Tier", "kind": "text"}
        assert problem(six.post("/custom-fields", body)) == (409, "custom_field_key_taken")
        assert ok(six.post(f"/custom-fields/{tier['id']}/restore", version="*"))["position"] == 6
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"] == EVERY

    def test_there_is_no_deleting(self, six: ApiClient) -> None:
        tier = ok(six.get("/custom-fields"))["items"][0]
        assert six.delete(f"/custom-fields/{tier['id']}", version="*").status_code == 405


class TestOrder:
    def test_is_the_agencys_and_names_every_field(self, six: ApiClient) -> None:
        order = keys(six)[::-1]
        answer = ok(six.call("PUT", "/custom-fields/order", json={"entity": "leads.lead", "keys": order}))
        assert [each["key"] for each in answer["items"]] == order
        assert keys(six) == order
        wrong = six.call("PUT", "/custom-fields/order", json={"entity": "leads.lead", "keys": order[1:]})
        assert faults(wrong) == {"/keys": "value"}


class TestTheSchema:
    def test_is_json_schema_of_the_agencys_object(self, six: ApiClient) -> None:
        field(six, "market", "text", required=True, description="Where they come from")
        found = ok(six.get("/custom-fields/schema?entity=leads.lead"))
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert found["required"] == ["market"]
        assert found["additionalProperties"] is False
        assert [*found["properties"]] == [*EVERY, "market"]
        assert found["properties"]["tier"]["oneOf"] == [
            {"const": "gold", "title": "Gold"},
            {"const": "silver", "title": "Silver"},
        ]
        assert found["properties"]["renewal"]["format"] == "date"
        assert found["properties"]["market"]["description"] == "Where they come from"

    @pytest.mark.parametrize(("key", "good", "bad"), [
        ("fee", "12.5", "1.255"), ("card", "A", ""), ("tier", "gold", "bronze"), ("insured", True, "yes"),
        ("likes", ["gold"], ["gold", "gold"]),
    ])  # fmt: skip
    def test_says_what_the_service_says(self, six: ApiClient, key: str, good: Any, bad: Any) -> None:
        jsonschema = pytest.importorskip("jsonschema")
        validator = jsonschema.Draft202012Validator(ok(six.get("/custom-fields/schema?entity=leads.lead")))
        for value, fine in ((good, True), (bad, False)):
            assert validator.is_valid({key: value}) is fine
            body = {"contact": {"name": "Ana"}, "custom_fields": {key: value}}
            assert (six.post("/leads", body).status_code == 201) is fine

    def test_of_everything_has_a_property_for_each(self, six: ApiClient) -> None:
        found = ok(six.get("/custom-fields/schema"))["properties"]
        assert {"contacts.contact", "leads.lead"} <= {*found}
        assert found["leads.lead"] == ok(six.get("/custom-fields/schema?entity=leads.lead"))

    def test_of_what_has_no_fields_is_refused(self, api: ApiClient) -> None:
        assert faults(api.get("/custom-fields/schema?entity=leads.note")) == {"?entity": "unknown"}

    def test_each_agency_has_its_own(self, six: ApiClient, make_agency: Callable[..., AgencyUnderTest]) -> None:
        other = make_agency().member("owner")
        assert ok(other.get("/custom-fields/schema?entity=leads.lead"))["properties"] == {}
