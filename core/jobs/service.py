"""What can be done with background work."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_user_id
from core.db.query import ListQuery, Page
from core.events.log import publish
from core.jobs import registry, repository, statements
from core.jobs.errors import AlreadyEnded, NotDead, NotRepeatable
from core.jobs.events import JobCancelled, JobDiscarded, JobRepeated
from core.jobs.repository import jobs, my_jobs
from core.jobs.schemas import JobCounts, JobView, MyJobView, ScheduleList, ScheduleView


def rows(query: ListQuery) -> Page[JobView]:
    """A page of the agency's jobs."""
    return jobs.rows(query)


def view(job_id: UUID) -> JobView:
    """One job. Raises NotFound."""
    return jobs.shown(job_id)


def counts() -> JobCounts:
    """What waits, what runs, and what was given up."""
    return JobCounts(items=repository.counts())


def schedule() -> ScheduleList:
    """The jobs that come back at set times, the next one first."""
    known = registry.current()
    # Those of plugins that are not enabled any more stay in the table and mean nothing.
    found = [(slot, known[slot.name].job) for slot in repository.slots() if slot.name in known]
    return ScheduleList(
        items=[
            ScheduleView(name=slot.name, summary=job.summary, cron=slot.cron, zone=slot.zone, next_at=slot.next_at)
            for slot, job in found
        ]
    )


def retry(job_id: UUID) -> JobView:
    """Have a job that ended badly run again, with all its attempts; what waits for later runs now.

    Raises NotFound, NotRepeatable.
    """
    changed = jobs.change(job_id, statements.REPEAT, otherwise=NotRepeatable)
    publish(JobRepeated(job_id=job_id, job=changed.name))
    return changed


def discard(job_id: UUID) -> JobView:
    """Put a dead letter aside for good. Raises NotFound, NotDead."""
    changed = jobs.change(job_id, statements.DISCARD, otherwise=NotDead)
    publish(JobDiscarded(job_id=job_id, job=changed.name))
    return changed


def cancel(job_id: UUID) -> JobView:
    """Cancel a job: at once while it waits; while it runs, when it next looks. Raises NotFound, AlreadyEnded."""
    changed = jobs.change(job_id, statements.CANCEL, otherwise=AlreadyEnded)
    publish(JobCancelled(job_id=job_id, job=changed.name))
    return changed


def my_rows(query: ListQuery) -> Page[MyJobView]:
    """A page of what the caller started."""
    return my_jobs.rows(query, user_id=current_user_id())


def my_view(job_id: UUID) -> MyJobView:
    """A job the caller started. Raises NotFound."""
    return my_jobs.shown(job_id, user_id=current_user_id())


def cancel_mine(job_id: UUID) -> MyJobView:
    """Cancel a job the caller started. Raises NotFound, AlreadyEnded."""
    my_view(job_id)
    cancel(job_id)
    return my_view(job_id)
