"""The ledger as an operator sees it: every agency's jobs and those of none, as the system role."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import TextClause

from core.db.session import apart
from core.jobs import statements
from core.jobs.bells import ringer

_COLUMNS = """
SELECT job.id, agency.slug AS agency, job.user_id, job.queue, job.name, job.payload, job.priority, job.state,
    job.run_at, job.attempt, job.max_attempts, job.lease_until, job.unique_key, job.progress, job.cancel_requested,
    job.request_id, job.created_at, job.started_at, job.finished_at, job.last_error
FROM core_job AS job LEFT JOIN core_agency AS agency ON agency.id = job.agency_id
"""
_ROWS = text(
    _COLUMNS
    + """
WHERE (CAST(:state AS text) IS NULL OR job.state = :state) AND (CAST(:queue AS text) IS NULL OR job.queue = :queue)
    AND (CAST(:name AS text) IS NULL OR job.name = :name) AND (CAST(:agency AS text) IS NULL OR agency.slug = :agency)
ORDER BY job.created_at DESC, job.id DESC LIMIT :limit
"""
)
_ROW = text(_COLUMNS + "WHERE job.id = :id")
_DEAD = text("SELECT name, count(*) FROM core_job WHERE state = 'dead' GROUP BY name ORDER BY name")
_DEAD_ONES = text("SELECT id FROM core_job WHERE state = 'dead' AND name = :name ORDER BY created_at")
_SCHEDULES = text("""
SELECT schedule.name, schedule.cron, schedule.zone, schedule.next_at, agency.slug AS agency
FROM core_schedule AS schedule LEFT JOIN core_agency AS agency ON agency.id = schedule.agency_id
ORDER BY schedule.next_at, schedule.name, agency.slug
""")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a job."""

    id: UUID
    agency: str | None
    user_id: UUID | None
    queue: str
    name: str
    payload: dict[str, Any]
    priority: int
    state: str
    run_at: datetime
    attempt: int
    max_attempts: int
    lease_until: datetime | None
    unique_key: str | None
    progress: dict[str, Any] | None
    cancel_requested: bool
    request_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    last_error: str | None


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When a job comes back."""

    name: str
    cron: str
    zone: str
    next_at: datetime
    agency: str | None


def rows(*, state: str | None, queue: str | None, name: str | None, agency: str | None, limit: int) -> list[Row]:
    """Jobs, newest first."""
    values = {"state": state, "queue": queue, "name": name, "agency": agency, "limit": limit}
    with apart() as session:
        return _rows(session, _ROWS, values)


def find(job_id: UUID) -> Row | None:
    """One job."""
    with apart() as session:
        return next(iter(_rows(session, _ROW, {"id": job_id})), None)


def dead() -> list[tuple[str, int]]:
    """How many jobs of each name were given up."""
    with apart() as session:
        return [(name, count) for name, count in session.execute(_DEAD)]


def dead_ones(name: str) -> list[UUID]:
    """The jobs of a name that were given up."""
    with apart() as session:
        return list(session.scalars(_DEAD_ONES, {"name": name}))


def schedules() -> list[Schedule]:
    """What comes back at set times, the next one first."""
    with apart() as session:
        return [Schedule(**_in_utc(dict(row))) for row in session.execute(_SCHEDULES).mappings()]


def change(job_ids: Iterable[UUID], statement: TextClause) -> int:
    """Run one of the ledger's statements about each job; how many it applied to."""
    with apart() as session:
        found = [session.execute(statement, {"id": job_id, "agency_id": None}).scalar() for job_id in job_ids]
    queues = [queue for queue in found if queue is not None]
    if statement is statements.REPEAT:
        ringer().ring(dict.fromkeys(queues))
    return len(queues)


def _rows(session: Session, statement: TextClause, values: dict[str, Any]) -> list[Row]:
    return [Row(**_in_utc(dict(row))) for row in session.execute(statement, values).mappings()]


def _in_utc(values: dict[str, Any]) -> dict[str, Any]:
    return {name: each.astimezone(UTC) if isinstance(each, datetime) else each for name, each in values.items()}
