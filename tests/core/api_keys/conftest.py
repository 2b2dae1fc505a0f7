"""Keys, and programs that send them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements
from tests.core.auth.conftest import elsewhere  # noqa: F401 - a fixture

LEADS = {"leads.read": "all", "leads.write": "all", "contacts.write": "all"}


class Key:
    """A key somebody made, and the API as a program that sends it."""

    def __init__(self, owner: ApiClient, made: dict[str, Any]) -> None:
        self.owner = owner
        self.id: str = made["id"]
        self.text: str = made["key"]
        self.view: dict[str, Any] = made["api_key"]
        self.api = self.at(owner.app)

    def at(self, app: Flask, text: str | None = None) -> ApiClient:
        """The API of some process as a program that sends it."""
        return ApiClient(app, text or self.text)

    def rotate(self, *, overlap_hours: int) -> str:
        """The new secret."""
        new: str = ok(self.owner.post(f"/api-keys/{self.id}/rotate", {"overlap_hours": overlap_hours}))["key"]
        return new

    def revoke(self) -> None:
        """By its owner."""
        ok(self.owner.post(f"/api-keys/{self.id}/revoke"))


@pytest.fixture
def make_key() -> Callable[..., Key]:
    """Makes keys."""

    def make(owner: ApiClient, scopes: dict[str, str] | None = None, **more: Any) -> Key:
        draft = {"name": "Website form", "scopes": scopes or LEADS, **more}
        return Key(owner, ok(owner.post("/api-keys", draft), 201))

    return make


@pytest.fixture
def key(make_key: Callable[..., Key], api: ApiClient) -> Key:
    """A key of the agency's owner for leads."""
    return make_key(api)


@pytest.fixture
def agent(agency: AgencyUnderTest) -> ApiClient:
    """A colleague with ordinary rights."""
    return agency.newcomer("agent")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """What goes to the database."""
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen


def in_days(days: float) -> str:
    """An instant from now."""
    return (clock.now() + timedelta(days=days)).isoformat()
