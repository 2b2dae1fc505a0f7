"""Routes of tasks."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Blueprint, ListQuery, Page, users

from . import permissions
from .repository import Tasks
from .schemas import Finished, Snooze, TaskDraft, TaskPatch, TaskRow, TaskView
from .service import assignment, finishing, tasks

blueprint = Blueprint("tasks", description="What members are to do, by when, and what it is about.")


@blueprint.get("/", permission=permissions.READ)
@blueprint.listing(Tasks.listing)
@blueprint.response(200, Page[TaskRow])
def search(query: ListQuery) -> Page[TaskRow]:
    """List and search tasks."""
    return tasks.rows(query)


@blueprint.post("/", permission=permissions.WRITE)
@blueprint.arguments(TaskDraft)
@blueprint.response(201, TaskView)
def create(draft: TaskDraft) -> TaskView:
    """Make a task."""
    return tasks.create(draft)


@blueprint.get("/<uuid:task_id>", permission=permissions.READ)
@blueprint.response(200, TaskView)
def show(task_id: UUID) -> TaskView:
    """Show a task."""
    return tasks.view(task_id)


@blueprint.patch("/<uuid:task_id>", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.arguments(TaskPatch)
@blueprint.response(200, TaskView)
def change(patch: TaskPatch, task_id: UUID, version: int | None) -> TaskView:
    """Change a task; in a series, this one, while a new rule begins a new series with it."""
    return tasks.change(task_id, patch, version=version)


@blueprint.post("/<uuid:task_id>/complete", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.response(200, Finished)
def complete(task_id: UUID, version: int | None) -> Finished:
    """Say that a task is done; where it repeats, the next one is made."""
    return finishing.complete(task_id, version=version)


@blueprint.post("/<uuid:task_id>/skip", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.response(200, Finished)
def skip(task_id: UUID, version: int | None) -> Finished:
    """Leave out one of a series and go on to the next."""
    return finishing.skip(task_id, version=version)


@blueprint.post("/<uuid:task_id>/cancel", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.response(200, TaskView)
def cancel(task_id: UUID, version: int | None) -> TaskView:
    """Give a task up; a series ends with it."""
    return finishing.cancel(task_id, version=version)


@blueprint.post("/<uuid:task_id>/reopen", permission=permissions.WRITE)
@blueprint.if_match
@blueprint.response(200, TaskView)
def reopen(task_id: UUID, version: int | None) -> TaskView:
    """Have a task done after all."""
    return finishing.reopen(task_id, version=version)


@blueprint.post("/<uuid:task_id>/snooze", permission=permissions.WRITE, problems=(409,))
@blueprint.if_match
@blueprint.arguments(Snooze)
@blueprint.response(200, TaskView)
def snooze(until: Snooze, task_id: UUID, version: int | None) -> TaskView:
    """Put a task off: nobody is told of it before."""
    return tasks.snooze(task_id, until, version=version)


@blueprint.post("/<uuid:task_id>/assignment", permission=permissions.ASSIGN, problems=(409,))
@blueprint.if_match
@blueprint.arguments(users.Assignment)
@blueprint.response(200, TaskView)
def assign(body: users.Assignment, task_id: UUID, version: int | None) -> TaskView:
    """Give a task to another owner or team."""
    return assignment.assign(task_id, body, version=version)
