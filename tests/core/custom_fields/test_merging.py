"""Values of the agency's own fields when two leads or contacts become one, and when they come apart again."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, ok, problem
from tests.core.custom_fields.made import TIERS, field, lead


@pytest.fixture
def three(api: ApiClient) -> ApiClient:
    """An agency with three fields on leads."""
    field(api, "market", "text", personal=False)
    field(api, "likes", "choices", choices=TIERS)
    field(api, "fee", "number")
    return api


def merge(api: ApiClient, target: Any, other: Any, things: str = "leads") -> Any:
    body = {"other_id": other["id"], "other_version": other["version"]}
    return ok(api.post(f"/{things}/{target['id']}/merge", body, version=target["version"]))


def shown(api: ApiClient, thing: Any, things: str = "leads") -> Any:
    return ok(api.get(f"/{things}/{thing['id']}"))["custom_fields"]


THEIRS: dict[str, Any] = {"market": "Baltics", "likes": ["silver", "gold"]}


class TestMerging:
    def test_takes_over_what_only_the_other_one_says_and_undoing_gives_it_back(self, three: ApiClient) -> None:
        target, other = lead(three, {"market": "Nordics", "fee": "3"}), lead(three, THEIRS)
        made = merge(three, target, other)
        assert "custom_fields" in made["fields"]
        assert shown(three, target) == {"market": "Nordics", "fee": "3", "likes": ["silver", "gold"]}
        ok(three.post(f"/leads/merges/{made['id']}/undo"))
        assert shown(three, target) == {"market": "Nordics", "fee": "3"}
        assert shown(three, other) == THEIRS

    def test_the_log_tells_what_was_taken_over(self, three: ApiClient) -> None:
        target, other = lead(three), lead(three, THEIRS)
        merge(three, target, other)
        [fact] = ok(three.get(f"/audit?name=leads.leads_merged&subject_id={target['id']}"))["items"]
        assert fact["after"]["custom_fields.market"] == "Baltics"
        assert fact["after"]["custom_fields.likes"] == "[personal]"

    def test_is_not_undone_where_a_value_was_changed_since(self, three: ApiClient) -> None:
        target, other = lead(three), lead(three, THEIRS)
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
