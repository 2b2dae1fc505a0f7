"""Lists narrowed by an agency's own fields."""

from __future__ import annotations

import pytest

from core.testing.clients import ApiClient, faults, ok
from tests.contract.statements import Statements
from tests.core.custom_fields.made import EVERY, lead

NAMES = ("every", "other", "none")


@pytest.fixture
def leads(six: ApiClient) -> dict[str, str]:
    """Three leads by name: with every value, with others, and with none."""
    others = {"card": "B-2", "fee": "-3", "renewal": "2028-01-01", "insured": True, "tier": "silver", "likes": ["gold"]}
    made = [lead(six, EVERY), lead(six, others), lead(six)]
    return {each["id"]: name for each, name in zip(made, NAMES, strict=True)}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("custom.card=A-17", {"every"}),
        ("custom.card.in=A-17,B-2", {"every", "other"}),
        ("custom.card.ne=A-17", {"other", "none"}),
        ("custom.fee=12.5", {"every"}),
        ("custom.fee.gte=12.50", {"every"}),
        ("custom.fee.gt=12.50", set()),
        ("custom.fee.lte=0", {"other"}),
        ("custom.fee.lt=-3", set()),
        ("custom.fee.in=-3.00,12.5", {"every", "other"}),
        ("custom.renewal.lt=2028-01-01", {"every"}),
        ("custom.renewal.gte=2027-05-14&custom.renewal.lte=2028-01-01", {"every", "other"}),
        ("custom.insured=true", {"other"}),
        ("custom.insured=false", {"every"}),
        ("custom.insured.null=true", {"none"}),
        ("custom.tier=gold", {"every"}),
        ("custom.tier.ne=gold", {"other", "none"}),
        ("custom.likes=gold", {"every", "other"}),
        ("custom.likes.in=silver", {"every"}),
        ("custom.likes.ne=silver", {"other", "none"}),
        ("custom.tier.null=true", {"none"}),
        ("custom.tier.null=false", {"every", "other"}),
        ("custom.tier=gold&custom.fee.gte=12&status=new", {"every"}),
        ("custom.tier=gold&status=won", set()),
    ],
)
def test_finds_what_was_asked(six: ApiClient, leads: dict[str, str], question: str, found: set[str]) -> None:
    page = ok(six.get(f"/leads?{question}&count=exact"))
    assert {leads[each["id"]] for each in page["items"]} == found
    assert page["total"] == len(found)


def test_long_texts_are_told_apart_beyond_what_the_index_holds(six: ApiClient) -> None:
    made = ok(six.post("/custom-fields", {
        "entity": "leads.lead", "key": "story", "label": "Story", "kind": "text", "max_length": 2000,
    }), 201)  # fmt: skip
    assert made["max_length"] == 2000
    # Four bytes each, and nothing that could be packed.
    begin = "".join(chr(0x20000 + number * 37) for number in range(900))
    first = lead(six, {"story": begin + "a"})
    lead(six, {"story": begin + "b"})
    page = ok(six.get("/leads", query_string={"custom.story": begin + "a"}))
    assert [each["id"] for each in page["items"]] == [first["id"]]


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("custom.shoe=42", {"?custom.shoe": "unknown_parameter"}),
        ("custom.card.gte=A", {"?custom.card.gte": "unknown_parameter"}),
        ("custom.card.eq=A", {"?custom.card.eq": "unknown_parameter"}),
        ("custom.fee=many&custom.tier=lead&limit=0",
         {"?custom.fee": "format", "?custom.tier": "choice", "?limit": "range"}),
        ("custom.fee.in=1,1.234", {"?custom.fee.in": "decimals"}),
        ("custom.renewal.gte=2027-02-30", {"?custom.renewal.gte": "format"}),
        ("custom.insured=1", {"?custom.insured": "type"}),
        ("custom.tier.null=maybe", {"?custom.tier.null": "type"}),
        ("custom.=1", {"?custom.": "unknown_parameter"}),
        ("custom.fee.gte.gte=1", {"?custom.fee.gte.gte": "unknown_parameter"}),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(six: ApiClient, question: str, wrong: dict[str, str]) -> None:
    assert faults(six.get(f"/leads?{question}")) == wrong


def test_lists_without_fields_of_their_own_know_no_such_filters(six: ApiClient) -> None:
    assert faults(six.get("/roles?custom.tier=gold")) == {"?custom.tier": "unknown_parameter"}


class TestPages:
    def test_follow_one_another_under_a_filter(self, six: ApiClient) -> None:
        gold = [lead(six, {"tier": "gold" if number % 2 else "silver"})["id"] for number in range(9)][1::2]
        address = "/leads?custom.tier=gold&limit=1&sort=created_at"
        page = ok(six.get(address))
        seen = [each["id"] for each in page["items"]]
        while page["next"]:
            page = ok(six.get(f"{address}&cursor={page['next']}"))
            seen += [each["id"] for each in page["items"]]
        assert seen == gold

    def test_belong_to_their_filter(self, six: ApiClient) -> None:
        for _ in range(3):
            lead(six, {"tier": "gold", "card": "A"})
        cursor = ok(six.get("/leads?custom.tier=gold&limit=1"))["next"]
        assert faults(six.get(f"/leads?custom.tier=silver&limit=1&cursor={cursor}")) == {"?cursor": "cursor"}
        assert faults(six.get(f"/leads?custom.card=gold&limit=1&cursor={cursor}")) == {"?cursor": "cursor"}

    def test_take_as_many_statements_as_without_once_the_fields_are_known(
        self, six: ApiClient, leads: dict[str, str], statements: Statements
    ) -> None:
        ok(six.get("/leads?custom.tier=gold"))
        statements.clear()
        ok(six.get("/leads?custom.tier=gold&custom.fee.gte=1"))
        assert len(statements.reads) <= 2
        assert not statements.others
