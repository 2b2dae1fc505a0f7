"""A client of the API as a person in an agency: tokens, versions and JSON taken care of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse


class ApiClient:
    """Calls the API as one person; paths are relative to API_PREFIX."""

    def __init__(self, app: Flask, token: str | None = None, *, agency_id: UUID | None = None) -> None:
        self.app = app
        self.token = token
        self.agency_id = agency_id
        self.user_id: UUID | None = None
        self._prefix: str = app.extensions["tripfile.settings"].api_prefix
        self._client = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        """Read."""
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Make or do."""
        return self.call("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Change."""
        return self.call("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """Remove."""
        return self.call("DELETE", path, **options)

    def call(
        self, method: str, path: str, *, version: int | str | None = None, headers: Any = None, **options: Any
    ) -> TestResponse:
        """Any request; `version` becomes If-Match (`"*"` for whatever the version is)."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if version is not None:
            sent["If-Match"] = version if isinstance(version, str) else f'"v{version}"'
        # Absent, not null: a request without a body has no content type either.
        if options.get("json") is None:
            options.pop("json", None)
        return self._client.open(self._prefix + path, method=method, headers=sent, **options)


def ok(response: TestResponse, status: int | None = None) -> Any:
    """The JSON of a response that succeeded (with the given status); fails with what came instead."""
    expected = response.status_code == status if status else response.status_code < 300
    assert expected, f"{response.status_code}: {response.get_data(as_text=True)}"
    return response.json if response.data else None


def faults(response: TestResponse) -> dict[str, str]:
    """Pointer to code of every fault in a 422 answer."""
    assert response.status_code == 422, f"{response.status_code}: {response.get_data(as_text=True)}"
    return {fault["pointer"]: fault["code"] for fault in response.json["errors"]}  # type: ignore[index]


def problem(response: TestResponse) -> tuple[int, str]:
    """Status and code of a problem."""
    assert response.content_type == "application/problem+json", response.get_data(as_text=True)
    return response.status_code, response.json["code"]  # type: ignore[index]


def switch_off(api: ApiClient, plugin: str) -> Any:
    """Switch a plugin off for the client's agency, before it what needs it there; answers the plugin as it is then."""
    for other in ok(api.get("/plugins"))["items"]:
        if other["enabled"] and plugin in other["requires"]:
            switch_off(api, other["name"])
    return ok(api.patch(f"/plugins/{plugin}", {"enabled": False}))
