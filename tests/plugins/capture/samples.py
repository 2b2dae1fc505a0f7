"""How the contract tests call the routes of capture."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from core.testing.clients import ApiClient, ok
from tests.contract.sample import Sample
from tests.plugins.capture.conftest import FIELDS, MAPPING

_numbers = itertools.count(1)


def _form(api: ApiClient, number: int) -> dict[str, Any]:
    # The contract tests make ever more of everything.
    api.app.extensions["tripfile.plugins"].settings["capture"].most_sources = 1_000_000
    return {"name": f"Website {number}", "fields": FIELDS, "min_seconds": 0}


def _hook(api: ApiClient, number: int) -> dict[str, Any]:
    api.app.extensions["tripfile.plugins"].settings["capture"].most_sources = 1_000_000
    return {"name": f"Fair {number}", "mapping": MAPPING}


def _spam(api: ApiClient) -> str:
    """Something that looked like spam."""
    form = ok(api.post("/capture/forms", _form(api, 0)), 201)
    body = {"values": {"name": "Ana", "email": "ana@example.com"}, "website": "https://spam.example"}
    # One address sends no more than a few.
    here = {"REMOTE_ADDR": f"198.18.{next(_numbers) % 250}.{next(_numbers) % 250}"}
    ok(api.app.test_client().post(f"/p/capture/forms/{form['key']}", json=body, environ_base=here), 201)
    (kept,) = ok(api.get(f"/capture/submissions?form_id={form['id']}"))["items"]
    found: str = kept["id"]
    return found


SAMPLES: Mapping[str, Sample] = {
    "capture.create_form": Sample(body=_form),
    "capture.change_form": Sample(body=lambda api, number: {"title": f"Plan trip {number}"}),
    "capture.create_hook": Sample(body=_hook),
    "capture.change_hook": Sample(body=lambda api, number: {"name": f"Another fair {number}"}),
    "capture.try_mapping": Sample(body=lambda api, number: {"sample": {"contact": {"email": "ana@example.com"}}}),
    "capture.search_submissions": Sample(before=lambda api, address: _spam(api)),
    "capture.bulk": Sample(body=lambda api, number: {"ids": [_spam(api)], "action": {"type": "reject"}}),
}
ROWS = {"/capture/submissions/<uuid:submission_id>": _spam}
