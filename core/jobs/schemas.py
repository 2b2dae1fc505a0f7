"""Background work on the wire."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from core.fields import Instant
from core.http.structs import View

State = Literal["queued", "running", "done", "dead", "cancelled"]


class ProgressView(View):
    """How far a job has come."""

    done: int
    total: int
    message: str = ""


class MyJobView(View):
    """A job that the caller started."""

    id: UUID
    name: str
    state: State
    run_at: Instant
    progress: ProgressView | None
    cancel_requested: bool
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class JobView(View):
    """A piece of background work: where it is, how often it was tried, what went wrong."""

    id: UUID
    name: str
    queue: str
    state: State
    priority: int
    run_at: Instant
    attempt: int
    max_attempts: int
    progress: ProgressView | None
    cancel_requested: bool
    last_error: str | None
    user_id: UUID | None
    request_id: str | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class JobCount(View):
    """How many jobs of a queue are in a state."""

    queue: str
    state: State
    jobs: int
    oldest_run_at: Instant
    """When the oldest of them was due."""


class JobCounts(View):
    """What waits, what runs, and what was given up."""

    items: list[JobCount]


class ScheduleView(View):
    """A job that comes back at set times."""

    name: str
    summary: str
    cron: str
    zone: str
    next_at: Instant


class ScheduleList(View):
    """The schedules of the agency."""

    items: list[ScheduleView]


def progress_of(stored: object) -> ProgressView | None:
    """The progress of a row."""
    return None if stored is None else msgspec.convert(stored, ProgressView)
