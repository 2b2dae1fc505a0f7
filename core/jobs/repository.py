"""Queries over the ledger, as an agency sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import TextClause

from core.db import closing, read
from core.db.query import RANGE, Filter, Listing, ListQuery, Page
from core.db.repository import Repository
from core.db.tenancy import current_agency_id
from core.errors import Conflict, NotFound
from core.extensions import db
from core.fields import Instant
from core.jobs import statements
from core.jobs.bells import ringer
from core.jobs.models import JobEntry, ScheduleEntry
from core.jobs.schemas import JobCount, JobView, MyJobView, State, progress_of

JOB = select(*read.columns(JobView, JobEntry))
MINE = select(*read.columns(MyJobView, JobEntry))
_PROGRESS = {kind: kind.__struct_fields__.index("progress") for kind in (JobView, MyJobView)}
_OPEN = ("queued", "running", "dead")
_COUNTS = read.Query(
    select(JobEntry.queue, JobEntry.state, func.count(), func.min(JobEntry.run_at))
    .where(JobEntry.state == any_(bindparam("states", type_=ARRAY(Text()))))
    .group_by(JobEntry.queue, JobEntry.state)
    .order_by(JobEntry.queue, JobEntry.state),
    JobCount,
)


class Slot(NamedTuple):
    """A row of the schedule."""

    name: str
    cron: str
    zone: str
    next_at: datetime


_SCHEDULES = read.Query(
    select(ScheduleEntry.name, ScheduleEntry.cron, ScheduleEntry.zone, ScheduleEntry.next_at)
    .where(ScheduleEntry.agency_id == bindparam("agency_id", type_=Uuid()))
    .order_by(ScheduleEntry.next_at, ScheduleEntry.name),
    Slot,
)


def _job(*columns: Any) -> JobView:
    return JobView(*_with_progress(JobView, columns))


def _mine(*columns: Any) -> MyJobView:
    return MyJobView(*_with_progress(MyJobView, columns))


def _with_progress(kind: type[JobView | MyJobView], columns: tuple[Any, ...]) -> tuple[Any, ...]:
    place = _PROGRESS[kind]
    return (*columns[:place], progress_of(columns[place]), *columns[place + 1 :])


class Jobs(Repository[JobEntry]):
    """The agency's background work, newest first."""

    model = JobEntry
    permission = "jobs.read"
    listing = Listing(
        filters={
            "state": Filter(JobEntry.state, State, "Where it is; `dead` was given up."),
            "queue": Filter(JobEntry.queue, str, "The queue it waits in."),
            "name": Filter(JobEntry.name, str, "Name of the job, e.g. `leads.remind_owner`."),
            "created_at": Filter(JobEntry.created_at, Instant, "When it was enqueued.", RANGE),
        },
        sorts={"created_at": JobEntry.created_at},
        default_sort="-created_at",
    )

    def rows(self, query: ListQuery) -> Page[JobView]:
        """A page of the agency's jobs."""
        return self.page(query, JOB, _job)

    def shown(self, job_id: UUID) -> JobView:
        """One job. Raises NotFound."""
        return self.view(job_id, JOB, _job)

    def change(self, job_id: UUID, statement: TextClause, *, otherwise: type[Conflict]) -> JobView:
        """Change a job's state where that is possible. Raises NotFound, or `otherwise`."""
        if not change_state(job_id, statement, agency_id=current_agency_id()):
            self.require(job_id)
            raise otherwise
        return self.shown(job_id)


class MyJobs(Repository[JobEntry]):
    """What the caller started themselves."""

    model = JobEntry
    permission = "jobs.read"
    listing = Listing(
        filters={"state": Filter(JobEntry.state, State, "Where it is.")},
        sorts={"created_at": JobEntry.created_at},
        default_sort="-created_at",
    )

    def rows(self, query: ListQuery, *, user_id: UUID) -> Page[MyJobView]:
        """A page of a person's jobs."""
        return self.page(query, MINE, _mine, within={JobEntry.user_id: user_id})

    def shown(self, job_id: UUID, *, user_id: UUID) -> MyJobView:
        """One job of a person. Raises NotFound."""
        found = _MY_JOB.first(wanted_id=job_id, user_id=user_id)
        if found is None:
            raise NotFound
        return found


_MY_JOB = read.Query(
    MINE.where(
        JobEntry.id == bindparam("wanted_id", type_=Uuid()), JobEntry.user_id == bindparam("user_id", type_=Uuid())
    ),
    _mine,
)


def change_state(job_id: UUID, statement: TextClause, *, agency_id: UUID) -> bool:
    """Run one of the ledger's statements about one job of an agency, and ring for it; whether it applied."""
    queue = db.session.execute(statement, {"id": job_id, "agency_id": agency_id}).scalar()
    if queue is None:
        return False
    if statement is statements.REPEAT:
        bells = ringer()
        closing.of(db.session()).then(lambda: bells.ring([queue]))
    return True


def counts() -> list[JobCount]:
    """What waits, runs and was given up in the acting agency."""
    return _COUNTS.rows(states=list(_OPEN))


def slots() -> list[Slot]:
    """The schedule of the acting agency."""
    return _SCHEDULES.rows(agency_id=current_agency_id())


jobs = Jobs()
my_jobs = MyJobs()
