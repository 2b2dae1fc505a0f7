"""Leads to work on, and the request that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import ids
from core.testing.clients import ApiClient, ok

LEAD: dict[str, Any] = {"contact": {"name": "Ben Okri"}, "adults": 2}


@pytest.fixture
def make(api: ApiClient) -> Callable[..., dict[str, Any]]:
    def take_in(by: ApiClient = api, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/leads", LEAD | changes), 201)
        return made

    return take_in


@pytest.fixture
def send(api: ApiClient) -> Callable[..., Any]:
    """Sends an action for many rows."""

    def post(action: str, by: ApiClient = api, path: str = "/leads", *, fields: Any = None, **rows: Any) -> Any:
        body = {"action": {"type": action, **(fields or {})}, **rows}
        return by.post(f"{path}/bulk", body, headers={"Idempotency-Key": str(ids.new())})

    return post
