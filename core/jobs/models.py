"""The ledger: one row for each piece of work that must happen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, ids
from core.db.base import Identified, Model
from core.db.personal import Code, Facts, Number, personal


class NewJob(msgspec.Struct, kw_only=True):
    """A job about to be enqueued; not the entity, because thousands are written at a time."""

    id: UUID
    agency_id: UUID | None
    user_id: UUID | None
    queue: str
    name: str
    payload: dict[str, Any]
    priority: int
    run_at: datetime
    due: bool
    max_attempts: int
    unique_key: str | None
    request_id: str | None
    created_at: datetime
    state: str = "queued"
    attempt: int = 0
    cancel_requested: bool = False


class JobEntry(Identified, Model):
    """A job. `agency_id` is empty for maintenance that spans agencies; only the system role sees that."""

    __tablename__ = "core_job"

    agency_id: Mapped[UUID | None] = mapped_column(  # type: ignore[assignment] # maintenance belongs to no agency
        ForeignKey("core_agency.id", ondelete="CASCADE"), sort_order=-20
    )
    user_id: Mapped[UUID | None]
    """Who started it, and is shown its progress."""
    queue: Mapped[Code]
    name: Mapped[Code]
    payload: Mapped[Facts]
    """Ids and codes."""
    priority: Mapped[Number]
    """Lower goes first; 0 is normal."""
    state: Mapped[Code]
    run_at: Mapped[datetime]
    due: Mapped[bool] = mapped_column(default=True)
    """Whether it may be claimed. What is for later waits until the sweeper, by the database's clock, says so."""
    attempt: Mapped[Number]
    max_attempts: Mapped[Number]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    unique_key: Mapped[Code | None]
    progress: Mapped[Facts | None]
    """`{"done": 3, "total": 10, "message": "..."}`."""
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None] = mapped_column(info=personal("copy"))
    """It may quote what it could not work with."""
    request_id: Mapped[Code | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        # Agencies first: a claim looks at the head of each agency's line, however long the lines are.
        Index(
            "core_job_waiting_idx",
            "queue",
            "agency_id",
            "priority",
            "run_at",
            postgresql_where=text("state = 'queued' AND due"),
        ),
        Index("core_job_later_idx", "run_at", postgresql_where=text("state = 'queued' AND NOT due")),
        # Few run at a time; without lease_until a heartbeat changes no index.
        Index("core_job_running_idx", "queue", "agency_id", postgresql_where=text("state = 'running'")),
        Index(
            "core_job_unique_key_idx",
            "agency_id",
            "name",
            "unique_key",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("unique_key IS NOT NULL AND state IN ('queued', 'running')"),
        ),
        Index("core_job_created_at_idx", "agency_id", "created_at", "id"),
        Index("core_job_state_idx", "agency_id", "state", "created_at", "id"),
        Index(
            "core_job_user_id_idx",
            "agency_id",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index("core_job_finished_at_idx", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    )


class ScheduleEntry(Model):
    """When a scheduled job is due next in an agency; a platform job has one row without an agency."""

    __tablename__ = "core_schedule"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("core_agency.id", ondelete="CASCADE"))
    name: Mapped[Code]
    cron: Mapped[Code]
    zone: Mapped[Code]
    """The IANA zone its cron line is read in."""
    next_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "core_schedule_name_idx",
            "agency_id",
            "name",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("core_schedule_next_at_idx", "next_at"),
    )
