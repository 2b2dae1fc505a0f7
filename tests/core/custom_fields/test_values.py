"""Values of an agency's own fields on leads and contacts."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

TIERS = [{"code": "gold", "label": "Gold"}, {"code": "silver", "label": "Silver"}]


def field(api: ApiClient, key: str, kind: str, entity: str = "leads.lead", **more: Any) -> Any:
    return ok(api.post("/custom-fields", {"entity": entity, "key": key, "label": key.title(), "kind": kind, **more}))


def lead(api: ApiClient, **values: Any) -> Any:
    return ok(api.post("/leads", {"contact": {"name": "Ana Duarte"}, **values}))


def pointers(answer: Any, status: int = 422) -> dict[str, str]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return {each["pointer"]: each["code"] for each in answer.json["errors"]}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Any:
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen


@pytest.fixture
def six(api: ApiClient) -> ApiClient:
    """An agency with a field of each type on leads."""
    field(api, "card", "text", max_length=20)
    field(api, "fee", "number", decimals=2)
    field(api, "renewal", "date")
    field(api, "insured", "boolean")
    field(api, "tier", "choice", choices=TIERS)
    field(api, "likes", "choices", choices=TIERS)
    return api


EVERY = {
    "card": "A-17",
    "fee": "12.50",
    "renewal": "2027-05-14",
    "insured": False,
    "tier": "gold",
    "likes": ["silver", "gold"],
}


class TestValues:
    def test_come_back_as_they_were_sent_in_answers_and_lists(self, six: ApiClient) -> None:
        made = lead(six, custom_fields=EVERY)
        assert made["custom_fields"] == EVERY
        assert ok(six.get(f"/leads/{made['id']}"))["custom_fields"] == EVERY
        assert [row["custom_fields"] for row in ok(six.get("/leads"))["items"]] == [EVERY]

    def test_change_one_by_one_and_go_with_null(self, six: ApiClient) -> None:
        made = lead(six, custom_fields=EVERY)
        sent = {"custom_fields": {"tier": "silver", "likes": [], "card": None}}
        changed = ok(six.patch(f"/leads/{made['id']}", sent, version=made["version"]))
        rest = {key: value for key, value in EVERY.items() if key not in {"likes", "card"}}
        assert changed["custom_fields"] == {**rest, "tier": "silver"}
        assert changed["version"] == made["version"] + 1
        assert ok(six.get(f"/leads/{made['id']}"))["version"] == changed["version"]

    def test_every_fault_is_named_at_once_beside_those_of_the_lead(self, six: ApiClient) -> None:
        wrong = {
            "card": "x" * 21,
            "fee": "1.234",
            "renewal": "2027-02-30",
            "insured": "yes",
            "tier": "lead",
            "likes": ["gold", "gold"],
            "shoe": "42",
        }
        answer = six.post("/leads", {"contact": {"name": "Ana"}, "zone": "Mars/Base", "custom_fields": wrong})
        assert pointers(answer) == {
            "/zone": "zone",
            "/custom_fields/card": "length",
            "/custom_fields/fee": "decimals",
            "/custom_fields/renewal": "format",
            "/custom_fields/insured": "type",
            "/custom_fields/tier": "choice",
            "/custom_fields/likes": "duplicate",
            "/custom_fields/shoe": "unknown_field",
        }
        assert ok(six.get("/leads"))["items"] == []
