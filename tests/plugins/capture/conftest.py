"""Forms and hooks to begin with, and strangers who use them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from core.http.application import Application
from core.testing.clients import ApiClient, ok

FIELDS: list[dict[str, Any]] = [
    {"name": "name", "required": True},
    {"name": "email", "required": True},
    {"name": "phone"},
    {"name": "destinations"},
    {"name": "start_date"},
    {"name": "end_date"},
    {"name": "adults"},
    {"name": "message", "label": "What are you dreaming of?"},
]
MAPPING: list[dict[str, Any]] = [
    {"type": "join", "field": "name", "paths": ["/first", "/last"]},
    {"type": "take", "field": "email", "path": "/contact/email"},
    {"type": "take", "field": "message", "path": "/text"},
]


_numbers = itertools.count(1)


class Stranger:
    """Somebody who is nobody's member; each time from another address, unless one is named."""

    def __init__(self, app: Application) -> None:
        self._client = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        """Look."""
        return self._client.get(path, **_from_anywhere(options))

    def ask(self, path: str, **headers: str) -> TestResponse:
        """Ask, as a browser does for a page, what may be sent."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.options(path, **_from_anywhere({"headers": named}))

    def post(self, path: str, **options: Any) -> TestResponse:
        """Send anything."""
        return self._client.post(path, **_from_anywhere(options))

    def send(self, form: dict[str, Any], values: dict[str, Any], **options: Any) -> TestResponse:
        """Send a form as a script of a page does."""
        headers = options.pop("headers", {})
        body = {"values": values, **options}
        return self.post(f"/p/capture/forms/{form['key']}", json=body, headers=headers)


def _from_anywhere(options: dict[str, Any]) -> dict[str, Any]:
    number = next(_numbers)
    return {"environ_base": {"REMOTE_ADDR": f"198.18.{number // 250}.{number % 250}"}, **options}


@pytest.fixture
def stranger(app: Application) -> Stranger:
    """Whoever comes by."""
    return Stranger(app)


@pytest.fixture
def form(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Sets up a form that asks for no time, with some things said."""

    def set_up(**said: Any) -> dict[str, Any]:
        draft = {"name": "Website", "fields": FIELDS, "min_seconds": 0}
        made: dict[str, Any] = ok(api.post("/capture/forms", draft | said), 201)
        return made

    return set_up


@pytest.fixture
def hook(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Makes a hook, with some things said."""

    def make(**said: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(api.post("/capture/hooks", {"name": "Fair", "mapping": MAPPING} | said), 201)
        return made

    return make


@pytest.fixture
def came(api: ApiClient) -> Callable[..., list[dict[str, Any]]]:
    """What came in, the latest first."""

    def look(asked: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(api.get(f"/capture/submissions?{asked}"))["items"]
        return found

    return look


@pytest.fixture
def leads(api: ApiClient) -> Callable[[], list[dict[str, Any]]]:
    """The agency's leads, the latest first."""

    def look() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(api.get("/leads"))["items"]
        return found

    return look


ANA = {"name": "Ana Duarte", "email": "Ana@Example.com", "destinations": "Kenya, Zanzibar", "adults": "2"}
