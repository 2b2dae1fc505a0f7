"""Files of a list have a column for each field of the agency's own that the caller sees."""

from __future__ import annotations

import csv
import io

import pytest

from core.custom_fields import definitions
from core.custom_fields.kinds import Definition
from core.exports import taking
from core.testing.clients import ApiClient
from tests.core.custom_fields.made import EVERY, field, lead


def taken(api: ApiClient, question: str = "") -> list[dict[str, str]]:
    """The leads as a table."""
    answer = api.post(f"/leads/export{question}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def test_have_what_people_read(six: ApiClient) -> None:
    lead(six, EVERY)
    [row] = taken(six)
    assert {name: value for name, value in row.items() if name.startswith("custom.")} == {
        "custom.card": "A-17",
        "custom.fee": "12.50",
        "custom.renewal": "2027-05-14",
        "custom.insured": "False",
        "custom.tier": "Gold",
        "custom.likes": "Silver, Gold",
    }


def test_are_narrowed_by_them(six: ApiClient) -> None:
    lead(six, EVERY)
    lead(six, EVERY | {"card": "B-2"})
    assert [row["custom.card"] for row in taken(six, "?custom.card=B-2")] == ["B-2"]


def test_have_none_that_the_caller_may_not_see(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    field(api, "margin", "number", seen_by="restricted")
    field(api, "market", "text")
    lead(api, {"margin": "7", "market": "Nordics"})
    monkeypatch.setattr(definitions, "sees_restricted", lambda: False)
    [row] = taken(api)
    assert [name for name in row if name.startswith("custom.")] == ["custom.market"]


def test_ask_once_which_fields_there_are(six: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "_AT_ONCE", 1)
    for _ in range(4):
        lead(six, EVERY)
    read, entities = definitions._read, []

    def counted(entity: str) -> tuple[Definition, ...]:
        entities.append(entity)
        return read(entity)

    monkeypatch.setattr(definitions, "_read", counted)
    assert [row["custom.card"] for row in taken(six)] == ["A-17"] * 4
    # Before the file is begun, and maybe, where that is a second ago, in it.
    assert len(entities) <= 2
