"""A page costs the same statements at ten rows and at ten thousand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.custom_fields import definitions
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls
from tests.contract.crowd import Crowd
from tests.contract.statements import Statements

FEW, MANY = 10, 10_000
QUESTIONS = ("", "?limit=200", "?count=exact", "?count=estimate", "?q=word1", "?limit=5&count=exact")
MOST_FOR_ONE = 5
"""Statements that showing one thing may take: entity, rights and lists of a few, never one for each row."""


def asked(call: Call, question: str) -> bool:
    """Whether the list takes the question."""
    assert call.contract.listing is not None
    return "q=" not in question or "q" in call.contract.listing.names


def costs(statements: Statements, api: ApiClient, address: str) -> tuple[int, int]:
    """Statements of the application and of the token check that a read takes."""
    ok(api.get(address))  # The token is known and statements are built from here on.
    statements.clear()
    ok(api.get(address))
    return statements.of_the_application, len(statements.system)


@pytest.fixture(scope="module")
def agency(make_agency: Callable[..., AgencyUnderTest]) -> AgencyUnderTest:
    return make_agency()


@pytest.fixture(autouse=True)
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process knows of an agency's fields for a second it knows from the first question to the second."""
    monkeypatch.setattr(definitions, "TTL", 60.0)


class TestLists:
    def test_cost_the_same_however_many_rows_there_are(
        self, calls: Calls, agency: AgencyUnderTest, crowd: Crowd, statements: Statements
    ) -> None:
        api = agency.member("owner")
        addresses = {call: calls.filled(call, api) for call in calls.lists()}
        asking = [(call, question) for call in calls.lists() for question in QUESTIONS if asked(call, question)]
        found: list[dict[tuple[Call, str], int]] = []
        for rows in (FEW, MANY):
            for call, address in addresses.items():
                assert call.contract.listing is not None
                crowd.grow(call.contract.listing.listing, rows, like=agency.id, agencies=[agency.id], address=address)
            crowd.analyze()
            costs_now = {key: costs(statements, api, addresses[key[0]] + key[1])[0] for key in asking}
            found.append(costs_now)
        assert found[0] == found[1]
        for (call, question), cost in found[1].items():
            # One for the page, one for its total, one to know that what the address names is there.
            budget = 1 + ("count=" in question) + call.addressed
            assert cost <= budget, f"{call}{question} takes {cost} statements"

    def test_the_rows_are_there(self, calls: Calls, agency: AgencyUnderTest) -> None:
        """What the comparison stands on."""
        api = agency.member("owner")
        for call in calls.lists():
            if call.addressed:
                continue
            page = ok(api.get(call.rule + "?count=exact&limit=200"))
            assert page["total"] >= MANY, f"{call} shows {page['total']} rows"
            assert len(page["items"]) == 200


class TestOne:
    def test_showing_one_thing_takes_a_few_statements(
        self, calls: Calls, agency: AgencyUnderTest, statements: Statements
    ) -> None:
        api = agency.member("owner")
        problems = []
        for call in calls.every:
            if call.method == "GET" and not call.contract.listing:
                cost, _ = costs(statements, api, calls.prepare(call, api))
                if cost > MOST_FOR_ONE:
                    problems.append(f"{call} takes {cost} statements: {statements.reads} {statements.others}")
        assert not problems, "\n".join(problems)

    def test_knowing_the_token_takes_no_statement_for_a_second(
        self, calls: Calls, agency: AgencyUnderTest, statements: Statements
    ) -> None:
        _, checks = costs(statements, agency.member("owner"), "/auth/me")
        assert checks <= 1
