"""Background work over HTTP."""

from __future__ import annotations

from uuid import UUID

from core.db.query import ListQuery, Page
from core.http.blueprint import Blueprint
from core.jobs import permissions, service
from core.jobs.repository import Jobs, MyJobs
from core.jobs.schemas import JobCounts, JobView, MyJobView, ScheduleList

blueprint = Blueprint("jobs", description="Background work: what waits, what runs, what failed and why.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Jobs.listing)
@blueprint.response(200, Page[JobView])
def search(query: ListQuery) -> Page[JobView]:
    """List the agency's jobs, newest first."""
    return service.rows(query)


@blueprint.get("/counts", permission=permissions.READ)
@blueprint.response(200, JobCounts)
def count() -> JobCounts:
    """Count what waits, what runs and what was given up, by queue."""
    return service.counts()


@blueprint.get("/schedules", permission=permissions.READ)
@blueprint.response(200, ScheduleList)
def list_schedules() -> ScheduleList:
    """List the jobs that come back at set times."""
    return service.schedule()


@blueprint.get("/mine", signed_in=True)
@blueprint.listing(MyJobs.listing)
@blueprint.response(200, Page[MyJobView])
def search_mine(query: ListQuery) -> Page[MyJobView]:
    """List the jobs you started, newest first."""
    return service.my_rows(query)


@blueprint.get("/mine/<uuid:job_id>", signed_in=True)
@blueprint.response(200, MyJobView)
def show_mine(job_id: UUID) -> MyJobView:
    """Show a job you started and how far it is."""
    return service.my_view(job_id)


@blueprint.post("/mine/<uuid:job_id>/cancel", signed_in=True)
@blueprint.response(200, MyJobView)
def cancel_mine(job_id: UUID) -> MyJobView:
    """Cancel a job you started: at once while it waits; while it runs, when it next looks."""
    return service.cancel_mine(job_id)


@blueprint.get("/<uuid:job_id>", permission=permissions.READ)
@blueprint.response(200, JobView)
def show(job_id: UUID) -> JobView:
    """Show a job."""
    return service.view(job_id)


@blueprint.post("/<uuid:job_id>/retry", permission=permissions.MANAGE)
@blueprint.response(200, JobView)
def retry(job_id: UUID) -> JobView:
    """Run a job again that was given up or cancelled, or one that waits for later, now."""
    return service.retry(job_id)


@blueprint.post("/<uuid:job_id>/discard", permission=permissions.MANAGE)
@blueprint.response(200, JobView)
def discard(job_id: UUID) -> JobView:
    """Put a job aside that was given up."""
    return service.discard(job_id)


@blueprint.post("/<uuid:job_id>/cancel", permission=permissions.MANAGE)
@blueprint.response(200, JobView)
def cancel(job_id: UUID) -> JobView:
    """Cancel a job: at once while it waits; while it runs, when it next looks."""
    return service.cancel(job_id)
