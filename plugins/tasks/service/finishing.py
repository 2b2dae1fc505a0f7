"""Being done with tasks: completed, skipped, cancelled, and reopened."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from core.sdk import clock, publish

from ..errors import DoesNotRepeat, NotOpen
from ..events import TaskCancelled, TaskCompleted, TaskReopened
from ..hookspecs import Suggestion
from ..models import Task
from ..repository import has_later, tasks
from ..schemas import Finished, TaskView
from . import about, due, recurrence
from .tasks import add, first_reminder, zone_of


def complete(task_id: UUID, *, version: int | None) -> Finished:
    """Say that a task is done; where it repeats, the next one is made. Raises NotOpen, NotFound, PreconditionFailed."""
    task = _ended(task_id, "done", version=version)
    following = _next(task)
    told = TaskCompleted(task_id=task.id, about=task.subject, about_id=task.subject_id, next_id=following)
    publish(told, of=task)
    wishes = about.changed(task, finished=True)
    made = [suggested(task.subject, task.subject_id, each, zone=task.zone) for each in wishes]
    return _finished(task, following, made[0] if made else None)


def skip(task_id: UUID, *, version: int | None) -> Finished:
    """Leave out one of a series and go on to the next.

    Raises DoesNotRepeat, NotOpen, NotFound, PreconditionFailed.
    """
    if tasks.get(task_id, version=version).rrule is None:
        raise DoesNotRepeat
    task = _ended(task_id, "cancelled", version=version)
    following = _next(task)
    publish(TaskCancelled(task_id=task.id, next_id=following), of=task)
    about.changed(task)
    return _finished(task, following, None)


def cancel(task_id: UUID, *, version: int | None) -> TaskView:
    """Give a task up; a series ends with it. Raises NotOpen, NotFound, PreconditionFailed."""
    task = _ended(task_id, "cancelled", version=version)
    publish(TaskCancelled(task_id=task.id, next_id=None), of=task)
    about.changed(task)
    return tasks.written(task.id)


def reopen(task_id: UUID, *, version: int | None) -> TaskView:
    """Have a task done after all; the next one of its series, once made, stays. Raises NotFound, PreconditionFailed."""
    task = tasks.get(task_id, version=version)
    if task.state == "open":
        return tasks.shown(task.id)
    task.state, task.finished_at, task.snoozed_until = "open", None, None
    task.remind_at = first_reminder(task)
    tasks.save()
    publish(TaskReopened(task_id=task.id), of=task)
    about.changed(task)
    return tasks.written(task.id)


def suggested(subject: str | None, subject_id: UUID | None, wish: Suggestion, *, zone: str | None = None) -> UUID:
    """Make a task that another plugin wants; which."""
    zone = zone_of(wish.owner_id, otherwise=zone)
    day = clock.today(zone) + timedelta(days=wish.in_days)
    made = Task(
        title=wish.title,
        kind="todo",
        priority="normal",
        state="open",
        owner_id=wish.owner_id,
        team_id=wish.team_id,
        subject=subject,
        subject_id=subject_id,
        due_on=day,
        zone=zone,
        due_at=due.instant(day, None, zone),
    )
    return add(made)


def _ended(task_id: UUID, state: str, *, version: int | None) -> Task:
    task = tasks.get(task_id, version=version)
    if task.state != "open":
        raise NotOpen
    task.state, task.finished_at, task.snoozed_until, task.remind_at = state, clock.now(), None, None
    tasks.save()
    return task


def _next(task: Task) -> UUID | None:
    """Make the next one of a series: the first that is not over, so that what was late leaves no pile."""
    if task.rrule is None or task.series_id is None or task.series_start is None or task.occurs_on is None:
        return None
    if has_later(task.series_id, task.occurs_on):
        return None

    def is_over(day: date) -> bool:
        return due.instant(day, task.due_time, task.zone) <= clock.now()

    day = recurrence.after(task.rrule, task.series_start, task.occurs_on, unless=is_over)
    return add(_another(task, day)) if day is not None else None


def _another(task: Task, day: date) -> Task:
    return Task(
        title=task.title,
        note=task.note,
        kind=task.kind,
        priority=task.priority,
        state="open",
        owner_id=task.owner_id,
        team_id=task.team_id,
        author_id=task.author_id,
        subject=task.subject,
        subject_id=task.subject_id,
        due_on=day,
        due_time=task.due_time,
        zone=task.zone,
        due_at=due.instant(day, task.due_time, task.zone),
        rrule=task.rrule,
        series_id=task.series_id,
        series_start=task.series_start,
        occurs_on=day,
    )


def _finished(task: Task, following: UUID | None, suggested: UUID | None) -> Finished:
    return Finished(
        tasks.written(task.id),
        tasks.written(following) if following else None,
        tasks.written(suggested) if suggested else None,
    )
