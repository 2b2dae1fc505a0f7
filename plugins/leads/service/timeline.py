"""What happened on a lead, newest first: what leads keep themselves, tasks, and what other plugins bring."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from core.sdk import Fault, Invalid, ListQuery, cursor, installed, is_on

from ..hookspecs import Asked
from ..repository import Leads, leads
from ..repository.timeline import PARTS, newest
from ..schemas.timeline import TimelineEntry, TimelinePage, TimelineQuery

_TASK = "task"
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_LAST_ID = UUID(int=2**128 - 1)


def page(lead_id: UUID, query: TimelineQuery) -> TimelinePage:
    """A page of what happened on a lead. Raises NotFound, and Invalid for a cursor of another list or unknown kinds.

    One statement for what leads keep, one for tasks, none of more rows than the page has; other plugins have theirs.
    """
    timeline = leads.with_merged(lead_id)
    kinds = _known(frozenset(query.kinds.split(",")) if query.kinds else frozenset())
    question = cursor.question_of(ListQuery(), "-at", of=["leads_timeline", lead_id, sorted(kinds)])
    at, after_id = _LATEST, _LAST_ID
    if query.cursor:
        position = cursor.decode(query.cursor, question=question, value_type=datetime)
        at, after_id = position.value, position.row_id
    asked = Asked(lead_ids=tuple(timeline), kinds=kinds, before_at=at, before_id=after_id, most=query.limit + 1)
    found = sorted(_entries(asked), key=_place, reverse=True)
    items, following = found[: query.limit], None
    if len(found) > query.limit:
        following = cursor.encode(cursor.Position(question, items[-1].at, items[-1].id))
    return TimelinePage(items, following)


def _known(kinds: frozenset[str]) -> frozenset[str]:
    """The kinds themselves. Raises Invalid for those that there are not.

    `quotes.sent` is another plugin's, which may be off: there is none of it then.
    """
    own = {*PARTS, _TASK}
    if any(each not in own and "." not in each for each in kinds):
        choices = f"Choose of {', '.join(sorted(own))}, and of what other plugins bring, as quotes.sent"
        raise Invalid(errors=[Fault("?kinds", "choice", choices)])
    return kinds


def _entries(asked: Asked) -> Iterable[TimelineEntry]:
    for entry in newest(asked.kinds, asked.lead_ids, before=asked.place, most=asked.most):
        # Under the lead that is asked for: one that went into it has no address any more.
        place = entry.link if entry.kind == "status" else f"{entry.link}/{entry.id}"
        yield structs.replace(entry, link=f"/leads/{asked.lead_ids[0]}/{place}")
    if asked.wants(_TASK) and is_on("tasks"):
        yield from _tasks(asked)
    for brought in installed().hook.leads_timeline(asked=asked):
        # A page must end where the next one begins, whatever a plugin answers.
        yield from (each for each in brought if asked.wants(each.kind) and _place(each) < asked.place)


def _tasks(asked: Asked) -> Iterable[TimelineEntry]:
    # Asked by name: tasks and leads know each other through hooks alone, and either may be absent.
    found: list[Any] = installed().hook.tasks_about(
        subject=Leads.subject, subject_ids=asked.lead_ids, before=asked.place, most=asked.most
    )
    for task in found or ():
        due = task.due_at.isoformat() if task.due_at else None
        data = {"state": task.state, "kind": task.kind, "priority": task.priority, "due_at": due}
        link = f"/tasks/{task.id}"
        yield TimelineEntry(
            _TASK, task.id, task.created_at, task.title, None, task.owner_id, task.owner_name, link, data
        )


def _place(entry: TimelineEntry) -> tuple[datetime, UUID]:
    return entry.at, entry.id
