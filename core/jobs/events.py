"""What happened to jobs, for those who started them and for the log."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from core.db.personal import Code
from core.events.event import Event


class JobFailed(Event):
    """A job that somebody started was given up."""

    subject: ClassVar[str] = "job_id"
    permission: ClassVar[str | None] = "jobs.read"

    job_id: UUID
    job: Code
    """Its name, as `leads.import_file`."""
    user_id: UUID


class JobFinished(Event):
    """A job that told somebody how far it was is done."""

    subject: ClassVar[str] = "job_id"
    permission: ClassVar[str | None] = "jobs.read"

    job_id: UUID
    job: Code
    user_id: UUID


class JobRepeated(Event):
    """Somebody had a job run again that had ended badly, or now instead of later."""

    subject: ClassVar[str] = "job_id"
    permission: ClassVar[str | None] = "jobs.read"

    job_id: UUID
    job: Code


class JobDiscarded(Event):
    """Somebody put a dead letter aside."""

    subject: ClassVar[str] = "job_id"
    permission: ClassVar[str | None] = "jobs.read"

    job_id: UUID
    job: Code


class JobCancelled(Event):
    """Somebody cancelled a job."""

    subject: ClassVar[str] = "job_id"
    permission: ClassVar[str | None] = "jobs.read"

    job_id: UUID
    job: Code
