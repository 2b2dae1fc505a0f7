"""Imports as a client goes through them: upload, correct, check, run, revert."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from werkzeug.test import TestResponse

from core.testing.clients import ApiClient, ok
from tests.worker import Worker

CONTACTS, LEADS = "contacts.contact", "leads.lead"
_keys = itertools.count(1)


def sheet(rows: Iterable[Sequence[Any]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A CSV file."""
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter).writerows(rows)
    return made.getvalue().encode(encoding)


def workbook(rows: Iterable[Sequence[Any]], **sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook whose first sheet has these rows, and others by name."""
    book = Workbook()
    pages: dict[str, Iterable[Sequence[Any]]] = {"First": rows, **sheets}
    for name, page in pages.items():
        made = book.create_sheet(name)
        for row in page:
            made.append(list(row))
    del book["Sheet"]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class Bringing:
    """One person's imports, worked on by a worker of the test's own."""

    def __init__(self, api: ApiClient, worker: Worker) -> None:
        self.api = api
        self.worker = worker

    def upload(self, data: bytes, *, entity: str = CONTACTS, name: str = "clients.csv") -> TestResponse:
        headers = {"Content-Type": "application/octet-stream"}
        named = {"name": name}
        return self.api.call("POST", f"/imports/entities/{entity}", data=data, query_string=named, headers=headers)

    def uploaded(self, rows: Iterable[Sequence[Any]], *, entity: str = CONTACTS, **options: Any) -> str:
        """A file with these rows, taken in; its id."""
        found: str = ok(self.upload(sheet(rows), entity=entity), 201)["id"]
        if options:
            self.change(found, options=options)
        return found

    def change(self, import_id: str, **patch: Any) -> dict[str, Any]:
        found: dict[str, Any] = ok(self.api.patch(f"/imports/{import_id}", patch, version="*"))
        return found

    def ask(self, import_id: str, what: str, *, key: str = "") -> TestResponse:
        headers = {"Idempotency-Key": key or f"bringing-{next(_keys)}"}
        return self.api.post(f"/imports/{import_id}/{what}", headers=headers)

    def do(self, import_id: str, what: str) -> dict[str, Any]:
        """Have it checked, run or reverted, and wait for that."""
        ok(self.ask(import_id, what), 202)
        self.worker.work()
        return self.show(import_id)

    def show(self, import_id: str) -> dict[str, Any]:
        found: dict[str, Any] = ok(self.api.get(f"/imports/{import_id}"))
        return found

    def rows(self, import_id: str, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok(self.api.get(f"/imports/{import_id}/rows", query_string=asked))["items"]
        return found

    def brought_in(self, rows: Iterable[Sequence[Any]], *, entity: str = CONTACTS, **options: Any) -> str:
        """These rows, checked and run."""
        import_id = self.uploaded(rows, entity=entity, **options)
        assert self.do(import_id, "check")["state"] == "checked"
        assert self.do(import_id, "run")["state"] == "done"
        return import_id
