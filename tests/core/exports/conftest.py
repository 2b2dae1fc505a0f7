"""Leads to take away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok

LEAD: dict[str, Any] = {
    "contact": {"name": "Ben Okri"},
    "destinations": ["Kenya", "Zanzibar"],
    "start_date": "2027-07-01",
    "adults": 2,
    "budget": {"amount": "5000.50", "currency": "EUR"},
    "tags": ["honeymoon"],
}


@pytest.fixture
def make(api: ApiClient) -> Callable[..., dict[str, Any]]:
    def take_in(by: ApiClient = api, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/leads", LEAD | changes), 201)
        return made

    return take_in
