"""An agency with fields of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing.clients import ApiClient
from tests.contract.statements import Statements
from tests.core.custom_fields.made import TIERS, field


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Every statement that goes to the database during the test."""
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
