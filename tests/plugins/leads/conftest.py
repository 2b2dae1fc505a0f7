"""Leads to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.plugins.leads.scorer import RULES, Scorer

ENQUIRY: dict[str, Any] = {
    "contact": {"name": "Ben Okri", "emails": [{"address": "ben@example.com"}]},
    "destinations": ["Kenya"],
    "date_mode": "fixed",
    "start_date": "2027-07-01",
    "adults": 2,
    "budget": {"amount": "5000", "currency": "EUR"},
}


@pytest.fixture
def enquire(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Takes in a lead that is ready to be qualified, with some fields changed."""

    def take_in(by: ApiClient = api, **changes: Any) -> dict[str, Any]:
        draft = ENQUIRY | changes
        if "contact_id" in changes:
            del draft["contact"]
        made: dict[str, Any] = ok(by.post("/leads", draft), 201)
        return made

    return take_in


@pytest.fixture
def scorer(agency: AgencyUnderTest) -> Scorer:
    return Scorer(agency)


@pytest.fixture
def bare(api: ApiClient, scorer: Scorer) -> None:
    """An agency without rules."""
    for each in ok(api.get(RULES))["items"]:
        ok(api.delete(f"{RULES}/{each['id']}", version="*"), 204)
    scorer.rescore()
