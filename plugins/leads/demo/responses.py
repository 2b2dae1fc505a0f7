"""When clients of made-up agencies are to hear of them, and when they did."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.sdk import bulk, calendars, demo, ids

from ..events import FirstResponseTargetsChanged
from ..models import ResponseTargets

_TARGETS = {"urgent": 60, "high": 240, "normal": 480, "low": 1_440}
_PRIORITIES = (("urgent", 4), ("high", 13), ("normal", 76), ("low", 7))
_MINUTE = timedelta(minutes=1)


class Responses:
    """What an agency promises: response times by the working hours of its teams, where it has set any."""

    def __init__(self, world: demo.World) -> None:
        self._promises = world.has_rules
        self._hours = calendars.Calendars()

    def begun(self, row: dict[str, Any]) -> dict[str, Any]:
        """The columns of a lead that came in, or went to another team."""
        if not self._promises:
            return {"response_due_at": None, "response_state": None}
        due = self._hours.of(row["team_id"]).add(row["created_at"], _TARGETS[row["priority"]])
        return {"response_due_at": due, "response_state": "pending"}

    def looked(self, row: dict[str, Any]) -> datetime:
        """When somebody looks whether there was a response."""
        due: datetime = row["response_due_at"]
        return due.replace(second=0, microsecond=0) + _MINUTE

    def given(self, row: dict[str, Any], at: datetime) -> dict[str, Any]:
        """The columns of a lead whose client heard of the agency."""
        taken = self._hours.of(row["team_id"]).between(row["created_at"], at) // _MINUTE
        state = "met" if at <= row["response_due_at"] else "late"
        return {"responded_at": at, "response_minutes": taken, "response_state": state}


def promise(world: demo.World, random: Random) -> None:
    """Say how soon an agency answers, on the day its first enquiry comes in."""
    if not world.has_rules:
        return
    at = world.since
    times = {"created_at": at, "updated_at": at}
    bulk.insert(ResponseTargets, [{"id": ids.at(at, random), **_TARGETS, **times}])
    event = FirstResponseTargetsChanged(agency_id=world.agency_id, **_TARGETS)
    owner = next((each.user_id for each in world.staff if each.role == "owner"), None)
    world.tell([demo.Fact(event=event, at=at, user_id=owner)])


def priority(random: Random) -> str:
    """How much a lead hurries."""
    return random.choices([name for name, _ in _PRIORITIES], [weight for _, weight in _PRIORITIES])[0]
