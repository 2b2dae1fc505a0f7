"""Idempotency keys on every POST: another body, another form, and two at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from core.http.application import Application
from core.testing.clients import ApiClient
from core.testing.factories import AgencyUnderTest
from tests.contract.calls import Call, Calls
from tests.security.conftest import Fingerprint, Written
from tests.security.sending import refused, send


def keyed(calls: Calls) -> list[Call]:
    """Every route that takes an Idempotency-Key."""
    found = []
    for call in calls.every:
        parameters = str(calls.operation(call)["parameters"])
        if call.method == "POST" and "IdempotencyKey" in parameters:
            found.append(call)
    assert found
    return found


class Pause:
    """A view that waits before it does what it does."""

    def __init__(self, view: Callable[..., Any]) -> None:
        self.reached, self.over = threading.Event(), threading.Event()

        @wraps(view)
        def waiting(**path: Any) -> Any:
            self.reached.set()
            assert self.over.wait(10)
            return view(**path)

        self.view = waiting


class TestKeys:
    def test_a_key_that_comes_again_with_another_body_is_refused(self, calls: Calls, owner: ApiClient) -> None:
        for call in keyed(calls):
            if call.contract.body is None or calls.sample(call).status:
                continue
            key = {"Idempotency-Key": f"zoo-{uuid4()}"}
            version = "*" if call.contract.if_match else None
            address, body = calls.prepare(call, owner), calls.body(call, owner)
            first = owner.call("POST", address, json=body, headers=key, version=version)
            assert first.status_code < 300, (call, first.get_data(as_text=True))
            again = owner.call("POST", address, json=body, headers=key, version=version)
            assert again.data == first.data, call
            assert again.headers["Idempotency-Replayed"] == "true"
            other = owner.call("POST", address, json={**body, "x": 1}, headers=key, version=version)
            assert refused(other, call, 422)["code"] == "idempotency_key_reused"

    @pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "\t", "ä"])
    def test_keys_of_another_form_are_refused(
        self, calls: Calls, written: Written, owner: ApiClient, stored: Fingerprint, key: str
    ) -> None:
        before = stored()
        taking = set(keyed(calls))
        for call, address, body in written:
            if call in taking:
                answer = send(owner, call, address, json.dumps(body).encode(), Idempotency_Key=key)
                assert refused(answer, call, 400)["code"] == "idempotency_key_invalid"
        assert stored() == before

    def test_while_the_first_is_running_the_second_is_told_to_wait(
        self, app: Application, calls: Calls, house: AgencyUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for call in keyed(calls):
            if calls.sample(call).status:
                continue
            # A new person for each: one of the routes signs out.
            person = house.newcomer("owner")
            address, body = calls.prepare(call, person), calls.body(call, person)
            pause = Pause(app.view_functions[call.operation])

            def ask(
                call: Call = call, person: ApiClient = person, address: str = address, body: Any = body
            ) -> TestResponse:
                return calls.make(call, ApiClient(app, person.token), address=address, body=body, key="in-flight")

            with monkeypatch.context() as patched, ThreadPoolExecutor(1) as pool:
                patched.setitem(app.view_functions, call.operation, pause.view)
                first = pool.submit(ask)
                assert pause.reached.wait(10), call
                second = ask()
                pause.over.set()
                answer = first.result()
            assert refused(second, call, 409)["code"] == "idempotency_in_flight"
            assert second.headers["Retry-After"]
            assert answer.status_code < 300, (call, answer.get_data(as_text=True))
