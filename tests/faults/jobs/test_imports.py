"""A worker that is killed in the middle of an import: the next one goes on, and no row comes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.storage.wiring import folder_of
from core.testing.clients import ok
from tests.chores.processes import wait_until
from tests.core.imports.bringing import sheet

from .conftest import Ledger

ROWS = 250
PORTIONS = 2


@pytest.mark.slow
class TestAKilledImport:
    def test_goes_on_where_it_was(self, make_ledger: Callable[..., Ledger]) -> None:
        ledger = make_ledger()
        files = str(folder_of(ledger.settings).resolve())
        api = ledger.agency.member("owner")
        rows = [("name", "email"), *((f"Client {number}", f"client{number}@example.com") for number in range(ROWS))]
        headers = {"Content-Type": "text/csv"}
        address, named = "/imports/entities/contacts.contact", {"name": "clients.csv"}
        answer = api.call("POST", address, data=sheet(rows), query_string=named, headers=headers)
        import_id = ok(answer, 201)["id"]

        def shown() -> dict[str, Any]:
            found: dict[str, Any] = ok(api.get(f"/imports/{import_id}"))
            return found

        def ask(what: str) -> None:
            ok(api.post(f"/imports/{import_id}/{what}", headers={"Idempotency-Key": what}), 202)

        worker = ledger.worker(FILES_DIR=files)
        ask("check")
        wait_until(lambda: shown()["state"] == "checked", 120, what=ledger.report)
        assert shown()["good"] == ROWS
        ask("run")
        for portion in range(1, PORTIONS + 1):
            wait_until(lambda: shown()["created"] >= portion * 50, 120, what=ledger.report)  # noqa: B023 - called at once
            worker.kill()
            assert shown()["created"] < ROWS
            worker = ledger.worker(FILES_DIR=files)
        wait_until(lambda: shown()["state"] == "done", 180, what=ledger.report)
        assert shown()["created"] == ROWS
        assert ok(api.get("/contacts?count=exact&limit=1"))["total"] == ROWS
        ask("revert")
        wait_until(lambda: shown()["reverted"] > 0 or shown()["state"] == "reverting", 120, what=ledger.report)
        worker.kill()
        ledger.worker(FILES_DIR=files)
        wait_until(lambda: shown()["state"] == "reverted", 180, what=ledger.report)
        assert (shown()["reverted"], shown()["kept"]) == (ROWS, 0)
        assert ok(api.get("/contacts?count=exact&limit=1"))["total"] == 0
