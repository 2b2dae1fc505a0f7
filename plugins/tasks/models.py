"""Tasks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk import PERSONAL, Code, Day, Model, Owned, owned_key


class Task(Owned, Model):
    """Something a member is to do, by when, and what it is about."""

    __tablename__ = "tasks_task"

    title: Mapped[str] = mapped_column(info=PERSONAL)
    note: Mapped[str | None] = mapped_column(info=PERSONAL)
    kind: Mapped[Code]
    priority: Mapped[Code]
    state: Mapped[Code]
    owner_id: Mapped[UUID | None]
    """Who is to do it."""
    team_id: Mapped[UUID | None]
    author_id: Mapped[UUID | None]
    subject: Mapped[Code | None]
    subject_id: Mapped[UUID | None]

    due_on: Mapped[Day | None]
    due_time: Mapped[Code | None]
    """Local wall time, `14:30`; none where it is due by the end of the day."""
    zone: Mapped[Code]
    due_at: Mapped[datetime | None]
    """The instant that day and time mean in the zone, as its rules were when they were set."""
    snoozed_until: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    """When somebody is told of it next."""
    finished_at: Mapped[datetime | None]
    """When it was done or cancelled."""

    rrule: Mapped[Code | None]
    series_id: Mapped[UUID | None]
    series_start: Mapped[Day | None]
    """The first day of the rule."""
    occurs_on: Mapped[Day | None]
    """The day of the rule that this is; `due_on` may have been moved away from it."""

    # A keyset needs a value in every row: what has no date comes last.
    sort_due: Mapped[datetime] = mapped_column(
        Computed("COALESCE(due_at, '9999-12-31 00:00:00+00'::timestamp with time zone)", persisted=True)
    )

    __table_args__ = (
        # However often an occurrence is done and reopened, there is one next one.
        UniqueConstraint("agency_id", "series_id", "occurs_on"),
        owned_key("owner_id", "core_membership", referred="user_id", ondelete="SET NULL (owner_id)"),
        owned_key("team_id", "core_team", ondelete="SET NULL (team_id)"),
        Index("tasks_task_sort_due_idx", "agency_id", "sort_due", "id"),
        Index("tasks_task_created_at_idx", "agency_id", "created_at", "id"),
        Index("tasks_task_state_idx", "agency_id", "state", "sort_due", "id"),
        Index("tasks_task_owner_id_idx", "agency_id", "owner_id", "state", "sort_due", "id"),
        Index("tasks_task_team_id_idx", "agency_id", "team_id", "sort_due", "id"),
        Index("tasks_task_subject_idx", "agency_id", "subject", "sort_due", "id"),
        Index("tasks_task_subject_id_idx", "agency_id", "subject_id", "state", "sort_due", "id"),
        Index("tasks_task_about_idx", "agency_id", "subject_id", "created_at", "id"),
        Index("tasks_task_remind_at_idx", "agency_id", "remind_at", "id", postgresql_where="remind_at IS NOT NULL"),
    )
