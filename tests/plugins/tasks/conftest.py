"""Tasks to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.testing.clients import ApiClient, ok


@pytest.fixture
def make(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Makes a task, with some fields said."""

    def make_one(by: ApiClient = api, **said: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/tasks", {"title": "Call about the flights"} | said), 201)
        return made

    return make_one


@pytest.fixture
def lead(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Takes in a lead."""

    def take_in(by: ApiClient = api, **said: Any) -> dict[str, Any]:
        taken: dict[str, Any] = ok(by.post("/leads", {"contact": {"name": "Ben Okri"}} | said), 201)
        return taken

    return take_in
