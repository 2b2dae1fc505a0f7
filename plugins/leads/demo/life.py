"""One made-up lead from the first enquiry to this day: its row, and what its log says of how it came to be so."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from core.sdk import Event, bulk, demo, ids

from ..events import (
    CallLogged,
    FirstResponseDue,
    FirstResponseGiven,
    FirstResponseOverdue,
    LeadAssigned,
    LeadChanged,
    LeadCreated,
    LeadLost,
    LeadMoved,
    LeadWon,
    NoteWritten,
)
from ..models import Lead
from .courses import Step
from .responses import Responses


class Life:
    """A lead whose row is at every moment what its facts say."""

    def __init__(self, first: dict[str, Any], *, by: UUID | None, random: Random, responses: Responses) -> None:
        self.row: dict[str, Any] = {**first, "status": "new", "version": 1}
        at: datetime = first["created_at"]
        self.row |= {"status_since": at, "updated_at": at}
        self.row |= dict.fromkeys(("next_action_at", "own_action_at", "expected_close"))
        self.row |= dict.fromkeys(("value_minor", "value_currency", "probability"))
        self.row |= dict.fromkeys(("responded_at", "response_minutes"))
        self.row |= responses.begun(self.row)
        later = dict.fromkeys(("hold_until", "lost_reason", "recycle_on"))
        made = LeadCreated(
            lead_id=self.id, reference=first["reference"], source=first["source"], owner_id=first["owner_id"]
        )
        self.facts = [demo.Fact(event=made, at=at, user_id=by, after=bulk.facts(Lead, self.row))]
        self.row |= later
        self._random, self._responses = random, responses
        self._announce(at)
        self.steps = [self._step(at, by, from_status=None, to_status="new", seconds=None)]
        self.notes: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []

    @property
    def id(self) -> UUID:
        """The lead's."""
        lead_id: UUID = self.row["id"]
        return lead_id

    def assign(self, at: datetime, *, by: UUID | None, owner_id: UUID, team_id: UUID | None) -> None:
        """Give it to somebody."""
        event = LeadAssigned(lead_id=self.id, from_owner_id=self.row["owner_id"], owner_id=owner_id, team_id=team_id)
        reckoned = {}
        if team_id != self.row["team_id"] and self.row["response_state"] == "pending":
            reckoned = self._responses.begun({**self.row, "team_id": team_id})
            self._tell(at, FirstResponseDue(lead_id=self.id, due_at=reckoned["response_due_at"]), by)
        self._change(at, event, by, **reckoned, owner_id=owner_id, team_id=team_id)

    def correct(self, at: datetime, *, by: UUID | None, fields: list[str], **columns: Any) -> None:
        """Change what it says; `fields` is what of it the API calls so."""
        self._change(at, LeadChanged(lead_id=self.id, fields=sorted(fields)), by, **columns)

    def move(self, step: Step, *, by: UUID | None, manual: bool, note: str | None, **columns: Any) -> None:
        """Take it a step through the pipeline."""
        seconds = int((step.at - self.row["status_since"]).total_seconds())
        event = LeadMoved(lead_id=self.id, from_status=step.left, to_status=step.to, manual=manual)
        gone = dict.fromkeys(("hold_until", "lost_reason", "recycle_on"))
        response = self._answer(step, by)
        self._change(step.at, event, by, **(gone | columns | response), status=step.to, status_since=step.at)
        taken = self._step(step.at, by, from_status=step.left, to_status=step.to, seconds=seconds)
        self.steps.append(taken | {"note": note, "reason": self.row["lost_reason"], "manual": manual})
        if step.to == "won":
            self._tell(step.at, LeadWon(lead_id=self.id, owner_id=self.row["owner_id"]), by)
        elif step.to == "lost":
            self._tell(step.at, LeadLost(lead_id=self.id, reason=self.row["lost_reason"]), by)

    def note(self, at: datetime, *, by: UUID | None, text: str, pinned: bool, mentions: list[UUID]) -> None:
        """Write something down about it."""
        note = self._child(at, author_id=by, text=text, pinned=pinned, mentions=mentions)
        self.notes.append(note)
        self._tell(at, NoteWritten(lead_id=self.id, note_id=note["id"], mentioned=mentions), by)

    def call(self, at: datetime, *, by: UUID | None, direction: str, seconds: int, text: str | None) -> None:
        """Log a call that somebody took."""
        said: dict[str, Any] = {"direction": direction, "outcome": "answered", "duration_seconds": seconds}
        call = self._child(at, author_id=by, note=text, next_action_at=None, next_action=None, **said) | {"at": at}
        self.calls.append(call)
        self._tell(at, CallLogged(lead_id=self.id, call_id=call["id"], **said), by)

    def tag(self, tag: str) -> dict[str, Any]:
        """The row of a tag it had from the beginning."""
        return self._child(self.row["created_at"], tag=tag)

    def _announce(self, at: datetime) -> None:
        if self.row["response_due_at"] is not None:
            self._tell(at, FirstResponseDue(lead_id=self.id, due_at=self.row["response_due_at"]), None)

    def _answer(self, step: Step, by: UUID | None) -> dict[str, Any]:
        """The columns of the first response, where a step is one or ends the wait for it."""
        row = self.row
        if row["response_state"] != "pending":
            return {}
        late = self._responses.looked(row)
        if late < step.at:
            # Found by the clock, which makes no new version of it.
            row["response_state"] = "overdue"
            whose = {"owner_id": row["owner_id"], "team_id": row["team_id"]}
            self._tell(late, FirstResponseOverdue(lead_id=self.id, due_at=row["response_due_at"], **whose), None)
        if step.to == "lost":
            return {"response_state": "waived"}
        given = self._responses.given(row, step.at)
        in_time = given["response_state"] == "met"
        event = FirstResponseGiven(lead_id=self.id, in_time=in_time, working_minutes=given["response_minutes"])
        self._tell(step.at, event, by)
        return given

    def _change(self, at: datetime, event: Event, by: UUID | None, **columns: Any) -> None:
        after = {name: value for name, value in columns.items() if self.row[name] != value}
        before = {name: self.row[name] for name in after}
        self.row |= after | {"version": self.row["version"] + 1, "updated_at": at}
        told = {"before": bulk.facts(Lead, before), "after": bulk.facts(Lead, after)}
        self.facts.append(demo.Fact(event=event, at=at, user_id=by, **told))

    def _tell(self, at: datetime, event: Event, by: UUID | None) -> None:
        self.facts.append(demo.Fact(event=event, at=at, user_id=by))

    def _step(
        self, at: datetime, by: UUID | None, *, from_status: str | None, to_status: str, seconds: int | None
    ) -> dict[str, Any]:
        said = {"note": None, "reason": None, "manual": False}
        moved = {"from_status": from_status, "to_status": to_status, "seconds_in_status": seconds}
        return self._child(at, author_id=by, **said, **moved)

    def _child(self, at: datetime, **columns: Any) -> dict[str, Any]:
        return {"id": ids.at(at, self._random), "lead_id": self.id, "created_at": at, "updated_at": at, **columns}
