"""How to call the routes of imports: with a file, and with what a worker would have made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from core import clock, ids
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.imports import repository
from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample

_FILE = b"name,email\r\nAna,ana@example.com\r\n"


def _import(api: ApiClient) -> str:
    headers = {"Content-Type": "text/csv"}
    named = {"name": "clients.csv"}
    address = "/imports/entities/contacts.contact"
    return str(ok(api.call("POST", address, data=_FILE, query_string=named, headers=headers), 201)["id"])


@contextmanager
def _working(api: ApiClient) -> Iterator[None]:
    with api.app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        yield


def _of(address: str) -> UUID:
    return UUID(address.split("/")[2])


def _checked(api: ApiClient, address: str) -> None:
    with _working(api):
        repository.note(_of(address), state="checked", checked_at=clock.now())


def _run(api: ApiClient, address: str) -> None:
    made = {"entity_id": ids.new(), "person_id": None, "with_person": False, "kept_because": None}
    about: dict[str, Any] = {"faults": [], "duplicate_of": None, "duplicate_line": None, "score": None, "reasons": []}
    with _working(api):
        repository.keep(_of(address), [{"line": 2, "state": "created", **made, **about}])
        repository.note(_of(address), state="done", line=2, created=1, run_at=clock.now())


SAMPLES: Mapping[str, Sample] = {
    "imports.change": Sample(body=lambda api, number: {"options": {"date_order": ("mdy", "ymd")[number % 2]}}),
    "imports.run": Sample(before=_checked),
    "imports.revert": Sample(before=_run),
    "imports.search": Sample(before=lambda api, _: _import(api)),
    "imports.search_rows": Sample(before=_run),
}
ROWS: Mapping[str, Callable[[ApiClient], str]] = {
    "/imports/entities/<key>": lambda api: "contacts.contact",
    "/imports/<uuid:import_id>": _import,
}
SHARED = frozenset({"/imports/entities/<key>"})
