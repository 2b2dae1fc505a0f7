"""Tasks on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.sdk import Draft, Instant, Name, Patch, Text, View, Zone

Kind = Annotated[
    Literal["todo", "call", "email", "meeting"], Meta(description="What is to be done.", examples=["call"])
]
Priority = Annotated[Literal["low", "normal", "high"], Meta(description="How important it is.", examples=["normal"])]
State = Annotated[Literal["open", "done", "cancelled"], Meta(description="Whether it is to be done.")]
Title = Annotated[Name, Meta(description="What to do, in a few words.", examples=["Call about the flights"])]
SubjectKind = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{1,30}\.[a-z][a-z0-9_]{0,60}$",
        description="The kind of what it is about.",
        examples=["leads.lead"],
    ),
]
DueOn = Annotated[date, Meta(description="The day it is due, in its zone.", examples=["2027-05-14"])]
DueTime = Annotated[
    str,
    Meta(
        pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="The time it is due on that day, by the clocks of its zone; without it, by the end of the day.",
        examples=["14:30"],
    ),
]
Recurrence = Annotated[
    str,
    Meta(
        max_length=200,
        description=(
            "How it repeats, as in RFC 5545: FREQ, INTERVAL, BYDAY, BYMONTHDAY, and where it ends, COUNT or UNTIL."
        ),
        examples=["FREQ=WEEKLY;BYDAY=FR;COUNT=10"],
    ),
]


class TaskDraft(Draft):
    """A new task; it is its maker's unless somebody else is named."""

    title: Title
    note: Text | None = None
    kind: Kind = "todo"
    priority: Priority = "normal"
    subject: SubjectKind | None = None
    subject_id: Annotated[UUID, Meta(description="The id of what it is about.")] | None = None
    owner_id: UUID | None | UnsetType = UNSET
    team_id: UUID | None | UnsetType = UNSET
    due_on: DueOn | None = None
    due_time: DueTime | None = None
    zone: Annotated[Zone, Meta(description="The zone of day and time; without it, the caller's own.")] | None = None
    rrule: Recurrence | None = None


class TaskPatch(Patch):
    """Changes to a task."""

    title: Title | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    due_on: DueOn | None | UnsetType = UNSET
    due_time: DueTime | None | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    rrule: Recurrence | None | UnsetType = UNSET


class Snooze(Draft):
    """Until when a task is put off: an instant, or a day and time by the clocks of the caller's zone."""

    until: Instant | None = None
    day: Annotated[date, Meta(examples=["2027-05-14"])] | None = None
    time: DueTime | None = None


class TaskRow(View):
    """A task in a list."""

    id: UUID
    title: str
    kind: Kind
    priority: Priority
    state: State
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    subject: str | None
    subject_id: UUID | None
    due_on: date | None
    due_time: str | None
    zone: str
    due_at: Instant | None
    snoozed_until: Instant | None
    rrule: str | None
    version: int
    created_at: Instant
    updated_at: Instant


class TaskView(View):
    """A task."""

    id: UUID
    title: str
    note: str | None
    kind: Kind
    priority: Priority
    state: State
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    author_id: UUID | None
    subject: str | None
    subject_id: UUID | None
    due_on: date | None
    due_time: str | None
    zone: str
    due_at: Instant | None
    snoozed_until: Instant | None
    finished_at: Instant | None
    rrule: str | None
    series_id: UUID | None
    occurs_on: date | None
    version: int
    created_at: Instant
    updated_at: Instant


class Finished(View):
    """A task that was done, cancelled or skipped, and what comes of that."""

    task: TaskView
    next: TaskView | None
    """The next one, where it repeats."""
    suggested: TaskView | None
    """A task that was made because nothing else was to be done about the same thing."""
