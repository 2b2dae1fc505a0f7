"""Values of the agency's own fields when two leads or contacts become one, and when they come apart again."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.custom_fields.made import TIERS, field, lead


@pytest.fixture
def three(api: ApiClient) -> ApiClient:
    """An agency with three fields on leads."""
    field(api, "market", "text", personal=False)
    field(api, "likes", "choices", choices=TIERS)
    field(api, "fee", "number")
    return api


def try_merge(api: ApiClient, target: Any, other: Any, things: str = "leads", **sides: str) -> Any:
    fields = {f"custom_fields.{key}": side for key, side in sides.items()}
    body = {"other_id": other["id"], "other_version": other["version"], "fields": fields}
    return api.post(f"/{things}/{target['id']}/merge", body, version=target["version"])


def merge(api: ApiClient, target: Any, other: Any, things: str = "leads", **sides: str) -> Any:
    return ok(try_merge(api, target, other, things, **sides))


def shown(api: ApiClient, thing: Any, things: str = "leads") -> Any:
    return ok(api.get(f"/{things}/{thing['id']}"))["custom_fields"]


def two(api: ApiClient, mine: dict[str, Any] | None, theirs: dict[str, Any] | None) -> tuple[Any, Any]:
    """Two leads of one client."""
    other = lead(api, theirs)
    return ok(api.patch(f"/leads/{lead(api, mine)['id']}", {"contact_id": other["contact_id"]}, version="*")), other


THEIRS: dict[str, Any] = {"market": "Baltics", "likes": ["silver", "gold"]}


class TestMerging:
    def test_takes_over_what_only_the_other_one_says_and_undoing_gives_it_back(self, three: ApiClient) -> None:
        target, other = two(three, {"market": "Nordics", "fee": "3"}, THEIRS)
        made = merge(three, target, other)
        assert "custom_fields" in made["fields"]
        assert shown(three, target) == {"market": "Nordics", "fee": "3", "likes": ["silver", "gold"]}
        ok(three.post(f"/leads/merges/{made['id']}/undo"))
        assert shown(three, target) == {"market": "Nordics", "fee": "3"}
        assert shown(three, other) == THEIRS

    def test_each_field_can_be_chosen_and_undoing_gives_back_what_was_replaced(self, three: ApiClient) -> None:
        mine = {"market": "Nordics", "fee": "3", "likes": ["gold"]}
        target, other = two(three, mine, THEIRS)
        made = merge(three, target, other, market="other", likes="both", fee="other")
        assert shown(three, target) == {"market": "Baltics", "likes": ["gold", "silver"]}
        ok(three.post(f"/leads/merges/{made['id']}/undo"))
        assert (shown(three, target), shown(three, other)) == (mine, THEIRS)

    def test_what_the_one_that_stays_does_not_say_can_stay_unsaid(self, three: ApiClient) -> None:
        target, other = two(three, None, THEIRS)
        merge(three, target, other, market="target")
        assert shown(three, target) == {"likes": ["silver", "gold"]}

    def test_every_fault_is_told_and_nothing_is_merged(self, three: ApiClient) -> None:
        field(three, "must", "text", required=True)
        target, other = two(three, {"must": "x"}, {"must": "y"})
        assert faults(try_merge(three, target, other, market="both", shoe="other")) == {
            "/fields/custom_fields.market": "value",
            "/fields/custom_fields.shoe": "unknown",
        }
        ok(three.get(f"/leads/{other['id']}"))

    def test_who_does_not_see_a_field_does_not_choose_it(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        field(api, "margin", "number", "contacts.contact", seen_by="restricted")
        target, other = (
            ok(api.post("/contacts", {"name": "Ana", "custom_fields": {"margin": value}}), 201) for value in "12"
        )
        colleague = agency.member("operations")
        assert faults(try_merge(colleague, target, other, "contacts", margin="other")) == {
            "/fields/custom_fields.margin": "unknown"
        }
        merge(colleague, target, other, "contacts")
        assert shown(api, target, "contacts") == {"margin": "1"}

    def test_the_log_tells_in_which_fields_something_was_taken_over(self, three: ApiClient) -> None:
        target, other = two(three, None, THEIRS)
        merge(three, target, other)
        [fact] = ok(three.get(f"/audit?name=leads.leads_merged&subject_id={target['id']}"))["items"]
        told = {name: value for name, value in fact["after"].items() if name.startswith("custom_fields.")}
        assert told == {"custom_fields.market": "[personal]", "custom_fields.likes": "[personal]"}

    def test_is_not_undone_where_a_value_was_changed_since(self, three: ApiClient) -> None:
        target, other = two(three, None, THEIRS)
        made = merge(three, target, other)
        ok(three.patch(f"/leads/{target['id']}", {"custom_fields": {"market": "Nordics"}}, version="*"))
        assert problem(three.post(f"/leads/merges/{made['id']}/undo")) == (409, "merge_touched_since")

    def test_contacts_do_so_too(self, api: ApiClient) -> None:
        field(api, "card", "text", "contacts.contact")
        target = ok(api.post("/contacts", {"name": "Ana"}), 201)
        other = ok(api.post("/contacts", {"name": "Anna", "custom_fields": {"card": "A-17"}}), 201)
        made = merge(api, target, other, "contacts")
        assert shown(api, target, "contacts") == {"card": "A-17"}
        ok(api.post(f"/contacts/merges/{made['id']}/undo"))
        assert shown(api, target, "contacts") == {}
        assert shown(api, other, "contacts") == {"card": "A-17"}

    @pytest.mark.parametrize(("kind", "more", "changes"), [
        ("text", {}, {"kind": "number"}),
        ("choice", {"choices": TIERS}, {"choices": TIERS[1:]}),
    ])  # fmt: skip
    def test_is_not_undone_where_a_field_cannot_hold_any_more_what_it_held(
        self, api: ApiClient, kind: str, more: dict[str, Any], changes: dict[str, Any]
    ) -> None:
        made = field(api, "tier", kind, "contacts.contact", **more)
        target = ok(api.post("/contacts", {"name": "Ana", "custom_fields": {"tier": "gold"}}), 201)
        other = ok(api.post("/contacts", {"name": "Anna"}), 201)
        merged = merge(api, target, other, "contacts", tier="other")
        ok(api.patch(f"/custom-fields/{made['id']}", changes, version="*"))
        undone = api.post(f"/contacts/merges/{merged['id']}/undo")
        assert problem(undone) == (409, "merge_touched_since")
        assert [each["pointer"] for each in (undone.json or {})["errors"]] == ["/custom_fields"]
        # Where the field is as it was, so is the contact.
        ok(api.patch(f"/custom-fields/{made['id']}", {"kind": kind, **more}, version="*"))
        ok(api.post(f"/contacts/merges/{merged['id']}/undo"))
        assert shown(api, target, "contacts") == {"tier": "gold"}
