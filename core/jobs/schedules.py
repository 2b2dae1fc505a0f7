"""Schedules: when each scheduled job is due next in each agency, in the agency's zone; every slot fires once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from core import ids
from core.actor import system
from core.db import closing
from core.db.session import apart
from core.db.tenancy import acting_as
from core.extensions import db
from core.jobs.cron import next_slot
from core.jobs.job import Job, entry_of
from core.jobs.models import ScheduleEntry
from core.jobs.registry import Known
from core.plugins import agencies

log = structlog.get_logger()
PLATFORM_ZONE = "UTC"
_AT_ONCE = 200
_STALE = text("""
SELECT wanted.name, agency.id AS agency_id, agency.zone, schedule.id
FROM unnest(CAST(:names AS text[]), CAST(:crons AS text[])) AS wanted (name, cron) CROSS JOIN core_agency AS agency
LEFT JOIN core_schedule AS schedule ON schedule.agency_id = agency.id AND schedule.name = wanted.name
WHERE schedule.id IS NULL OR (schedule.cron, schedule.zone) IS DISTINCT FROM (wanted.cron, agency.zone)
LIMIT 5000
""")
_STALE_PLATFORM = text("""
SELECT wanted.name, schedule.id FROM unnest(CAST(:names AS text[]), CAST(:crons AS text[])) AS wanted (name, cron)
LEFT JOIN core_schedule AS schedule ON schedule.agency_id IS NULL AND schedule.name = wanted.name
WHERE schedule.id IS NULL OR schedule.cron <> wanted.cron
""")
_WRITE = text("""
INSERT INTO core_schedule (id, agency_id, name, cron, zone, next_at)
VALUES (:id, :agency_id, :name, :cron, :zone, :next_at)
ON CONFLICT (agency_id, name) DO UPDATE SET cron = excluded.cron, zone = excluded.zone, next_at = excluded.next_at
""")
_DUE = text("""
SELECT id, agency_id, name, cron, zone, next_at, now() AS moment FROM core_schedule
WHERE next_at <= now() AND name = ANY(CAST(:names AS text[])) AND NOT EXISTS (
    SELECT FROM core_agency WHERE core_agency.id = core_schedule.agency_id AND suspended_at IS NOT NULL
)
ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED
""")
_MOVE = text("UPDATE core_schedule SET next_at = :next_at WHERE id = :id")
_NOW = text("SELECT now()")


def of_agency(agency_id: UUID, zone: str, jobs: Mapping[str, Known], *, now: datetime) -> None:
    """Add the schedules of an agency that is being made, in the running unit of work."""
    for name, job in scheduled(jobs).items():
        if not job.platform:
            cron = str(job.schedule)
            row = ScheduleEntry(agency_id=agency_id, name=name, cron=cron, zone=zone)
            row.next_at = next_slot(cron, zone, now)
            db.session.add(row)


def scheduled(jobs: Mapping[str, Known]) -> dict[str, Job[Any]]:
    """The jobs that have a schedule."""
    return {name: job for name, (_, job) in jobs.items() if job.schedule}


def align(jobs: Mapping[str, Known]) -> int:
    """Bring the rows in line with what plugins declare and where agencies are; how many were written."""
    wanted = scheduled(jobs)
    with apart() as session:
        now = session.scalar(_NOW)
        assert now is not None
        written = 0
        for name, agency_id, zone, row_id in (*_stale(session, wanted), *_stale_platform(session, wanted)):
            cron = str(wanted[name].schedule)
            values = {"id": row_id or ids.new(), "agency_id": agency_id, "name": name, "cron": cron, "zone": zone}
            session.execute(_WRITE, {**values, "next_at": next_slot(cron, zone, now)})
            written += 1
    return written


def _stale(session: Session, wanted: Mapping[str, Job[Any]]) -> Iterable[tuple[str, UUID | None, str, UUID | None]]:
    for row in session.execute(_STALE, _lists(wanted, platform=False)):
        yield row.name, row.agency_id, row.zone, row.id


def _stale_platform(
    session: Session, wanted: Mapping[str, Job[Any]]
) -> Iterable[tuple[str, UUID | None, str, UUID | None]]:
    for row in session.execute(_STALE_PLATFORM, _lists(wanted, platform=True)):
        yield row.name, None, PLATFORM_ZONE, row.id


def _lists(wanted: Mapping[str, Job[Any]], *, platform: bool) -> dict[str, list[str]]:
    jobs = {name: job for name, job in wanted.items() if job.platform is platform}
    return {"names": list(jobs), "crons": [str(job.schedule) for job in jobs.values()]}


def fire(jobs: Mapping[str, Known]) -> int:
    """Enqueue what is due, each slot once whoever asks; slots that were missed meanwhile count as one. How many."""
    wanted = scheduled(jobs)
    if not wanted:
        return 0
    with apart() as session:
        # Their rows stay locked to the commit, so nobody else fires them.
        due = session.execute(_DUE, {"names": list(wanted), "most": _AT_ONCE}).all()
        for row in due:
            if row.agency_id is None or agencies.enabled(jobs[row.name].plugin, row.agency_id):
                _enqueue(session, wanted[row.name], row.agency_id, row.next_at)
            # From now on, not from the slot: a worker that was away must not catch up on every one.
            session.execute(_MOVE, {"id": row.id, "next_at": next_slot(row.cron, row.zone, row.moment)})
    return len(due)


def _enqueue(session: Session, job: Job[Any], agency_id: UUID | None, slot: datetime) -> None:
    with acting_as(system(agency_id)):
        entry = entry_of(job, {}, unique=f"schedule {slot:%Y-%m-%dT%H:%M:%SZ}")
    closing.of(session).enqueue(entry, agency_id=agency_id)
