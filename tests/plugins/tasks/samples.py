"""How the contract tests call the routes of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.testing.clients import ApiClient
from tests.contract.sample import Sample


def _draft(api: ApiClient, number: int) -> dict[str, Any]:
    return {"title": f"Call {number}", "due_on": "2027-05-14", "due_time": "14:30", "rrule": "FREQ=DAILY;COUNT=3"}


SAMPLES: Mapping[str, Sample] = {
    "tasks.create": Sample(body=_draft),
    "tasks.change": Sample(body=lambda api, number: {"title": f"Call again {number}"}),
    "tasks.snooze": Sample(body=lambda api, number: {"day": "2027-05-13"}),
    "tasks.assign": Sample(body=lambda api, number: {"owner_id": str(api.user_id)}),
}
