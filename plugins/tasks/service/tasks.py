"""What can be done with a task itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import (
    Fault,
    Invalid,
    ListQuery,
    Page,
    acting_user_id,
    agencies,
    clock,
    fields,
    gather,
    ids,
    publish,
    search,
    settings_of,
    subjects,
    users,
)

from .. import permissions
from ..errors import NotOpen
from ..events import TaskChanged, TaskCreated, TaskSnoozed
from ..models import Task
from ..repository import ME, tasks
from ..schemas import Snooze, TaskDraft, TaskPatch, TaskRow, TaskView
from ..settings import TaskSettings
from . import about, due, recurrence

ENTITY = "tasks.task"
_WHEN = {"due_on", "due_time", "zone", "rrule"}


def rows(query: ListQuery) -> Page[TaskRow]:
    """A page of tasks."""
    return tasks.rows(query)


def view(task_id: UUID) -> TaskView:
    """A task. Raises NotFound."""
    return tasks.shown(task_id)


def create(draft: TaskDraft) -> TaskView:
    """Make a task; it is its maker's unless somebody else is named. Raises Forbidden, Invalid."""
    task = Task(state="open", author_id=acting_user_id(), zone=draft.zone or zone_of(acting_user_id()))
    for name in ("title", "note", "kind", "priority", "subject", "subject_id"):
        setattr(task, name, getattr(draft, name))
    settle = partial(users.settle, owner_id=draft.owner_id, team_id=draft.team_id, given_with=permissions.ASSIGN.name)
    given = {"due_on": draft.due_on, "due_time": draft.due_time, "rrule": draft.rrule}
    gather(partial(settle, task), partial(_check_subject, task), partial(plan, task, given))
    check_reader(task)
    return tasks.written(add(task))


def add(task: Task) -> UUID:
    """Write a task that is as it should be, and tell whoever must know."""
    task.remind_at = first_reminder(task)
    tasks.add(task)
    search.add(ENTITY, task.id, [task.title])
    told = TaskCreated(task_id=task.id, owner_id=task.owner_id, about=task.subject, about_id=task.subject_id)
    publish(told, of=task)
    about.changed(task)
    return task.id


def change(task_id: UUID, patch: TaskPatch, *, version: int | None) -> TaskView:
    """Change a task. Raises NotFound, PreconditionFailed, NotOpen, Invalid."""
    task = tasks.get(task_id, version=version)
    changes = patch.changes()
    if not changes:
        return tasks.shown(task.id)
    if task.state != "open":
        raise NotOpen
    if isinstance(rule := changes.get("rrule"), str):
        changes["rrule"] = recurrence.normal(rule)
    # A form sends what it was shown as well: what is as it was is no change of when.
    when = {name: value for name, value in changes.items() if name in _WHEN and value != getattr(task, name)}
    if when:
        plan(task, when)
        task.snoozed_until = None
        task.remind_at = first_reminder(task)
    for name, value in changes.items():
        if name not in _WHEN:
            setattr(task, name, value)
    tasks.save()
    if "title" in changes:
        search.index(ENTITY, task.id, [task.title])
    publish(TaskChanged(task_id=task.id, fields=sorted(changes)), of=task)
    if when:
        about.changed(task)
    return tasks.written(task.id)


def snooze(task_id: UUID, until: Snooze, *, version: int | None) -> TaskView:
    """Put a task off: nobody is told of it before. Raises NotFound, PreconditionFailed, NotOpen, Invalid."""
    task = tasks.get(task_id, version=version)
    if task.state != "open":
        raise NotOpen
    task.snoozed_until = task.remind_at = _until(until)
    tasks.save()
    publish(TaskSnoozed(task_id=task.id, until=task.snoozed_until), of=task)
    return tasks.written(task.id)


def plan(task: Task, changes: dict[str, Any]) -> None:
    """Say when a task is due and how it repeats; then nothing has changed where it raises Invalid."""
    values = {name: getattr(task, name) for name in _WHEN} | changes
    day, rrule = values["due_on"], values["rrule"]
    gather(partial(fields.check_zone, values["zone"]), partial(_check_day, day, values["due_time"], rrule))
    moved = rrule is not None and rrule == task.rrule
    rule = recurrence.read(rrule, day) if rrule is not None and not moved else None
    task.due_on, task.due_time, task.zone = day, values["due_time"], values["zone"]
    task.due_at = due.instant(day, task.due_time, task.zone) if day is not None else None
    if rule is not None:
        # A new rule is a new series, which begins with this task; moving one task of a series leaves the others.
        task.rrule, task.series_id, task.series_start, task.occurs_on = str(rule), ids.new(), day, day
    elif rrule is None:
        task.rrule = task.series_id = task.series_start = task.occurs_on = None


def first_reminder(task: Task) -> datetime | None:
    """When somebody is first told that a task is due: before, or as it is where that is sooner; never of the past."""
    if task.due_at is None or task.due_on is None:
        return None
    settings = settings_of(TaskSettings)
    if task.due_time is None:
        before = due.at_hour(task.due_on, settings.remind_hour, zone_of(task.owner_id, otherwise=task.zone))
    else:
        before = task.due_at - timedelta(minutes=settings.remind_minutes)
    return next((at for at in (before, task.due_at) if at > clock.now()), None)


def zone_of(user_id: UUID | None, *, otherwise: str | None = None) -> str:
    """The zone of a member; where it is nobody's, the one that is given, or the agency's."""
    found = users.zones([user_id]).get(user_id) if user_id is not None else None
    return found or otherwise or agencies.agency_view().zone


def check_reader(task: Task) -> None:
    """Raise Invalid where a task's owner may not see what it is about."""
    owner_id = task.owner_id
    if owner_id is None or owner_id == acting_user_id() or task.subject is None or task.subject_id is None:
        return
    thing = subjects.whose(task.subject, task.subject_id)
    if thing is None or not all(thing.is_seen_by(actor) for actor in users.actors([owner_id]).values()):
        raise Invalid(errors=[Fault("/owner_id", "cannot_see", "This colleague may not see what the task is about")])


def _check_subject(task: Task) -> None:
    if (task.subject is None) != (task.subject_id is None):
        missing = "/subject" if task.subject is None else "/subject_id"
        raise Invalid(errors=[Fault(missing, "required", "Say of which kind it is, and which one")])
    if task.subject is not None and task.subject_id is not None:
        subjects.require(task.subject, task.subject_id, but=ME)


def _check_day(day: Any, at: str | None, rrule: str | None) -> None:
    if day is None and (at is not None or rrule is not None):
        raise Invalid(errors=[Fault("/due_on", "required", "Say on which day")])
    if day is not None:
        fields.check_day(day, pointer="/due_on")


def _until(snooze: Snooze) -> datetime:
    if (snooze.until is None) == (snooze.day is None):
        code = "required" if snooze.until is None else "either"
        raise Invalid(errors=[Fault("/until", code, "Say until when: either until, or day and time")])
    if snooze.until is not None:
        if snooze.time is not None:
            raise Invalid(errors=[Fault("/time", "unexpected", "A time goes with a day")])
        fields.check_day(snooze.until, pointer="/until")
        until, pointer = snooze.until, "/until"
    else:
        assert snooze.day is not None
        fields.check_day(snooze.day, pointer="/day")
        hour = f"{settings_of(TaskSettings).remind_hour:02}:00"
        until, pointer = due.instant(snooze.day, snooze.time or hour, zone_of(acting_user_id())), "/day"
    if until <= clock.now():
        raise Invalid(errors=[Fault(pointer, "past", "This is over")])
    return until
