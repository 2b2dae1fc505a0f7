"""Sending payloads as they are, and what every refusal looks like."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from core import ids
from core.http.contract import rule_of
from core.testing.clients import ApiClient
from tests.contract.calls import Call

UNSENDABLE = {400, 413, 415, 422}


def send(api: ApiClient, call: Call, address: str, data: bytes, **headers: str) -> TestResponse:
    """The body as it is, under If-Match where that is taken, and a new key where one is asked for."""
    given = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    version = "*" if call.contract.if_match and "If-Match" not in given else None
    return api.call(call.method, address, data=data, headers=key_for(api.app, call) | given, version=version)


def key_for(app: Flask, call: Call) -> dict[str, str]:
    """The header of a new key, where the route asks for one."""
    rule = rule_of(app.view_functions[call.operation])
    asked = rule is not None and rule.idempotency == "required"
    return {"Idempotency-Key": f"security-{ids.new()}"} if asked else {}


def refused(response: TestResponse, about: object, *statuses: int) -> dict[str, Any]:
    """The problem; fails unless it is one, with one of the statuses."""
    told = (about, response.status_code, response.get_data(as_text=True)[:500])
    assert response.status_code in (statuses or UNSENDABLE), told
    assert response.content_type == "application/problem+json", told
    problem: dict[str, Any] = response.json  # type: ignore[assignment]
    assert problem["code"], told
    assert problem["status"] == response.status_code, told
    assert problem["request_id"], told
    return problem
