"""The next action of a lead: the first open task about it, or an instant that somebody said."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from core.sdk import Changed, agencies, clock, current_agency_id, installed, publish, settings_of

from ..events import LeadsIdle
from ..events.waiting import LeadCameBack, UnownedLeadsIdle
from ..repository import Leads, back, leads, standing
from ..settings import LeadSettings
from .pipeline import OPEN

TASK = "tasks.task"


class Tasks(Protocol):
    """How the tasks about a thing stand, as the tasks plugin tells it."""

    @property
    def subject(self) -> str: ...
    @property
    def subject_id(self) -> UUID: ...
    @property
    def open(self) -> int: ...
    @property
    def next_due_at(self) -> datetime | None: ...
    @property
    def finished(self) -> bool: ...

    def suggest(self, title: str, *, in_days: int, owner_id: UUID | None, team_id: UUID | None) -> None:
        """Have another task made."""


def follow(tasks: Tasks) -> None:
    """Take the first open task about a lead for its next action, and ask for another where the last one was done."""
    leads.first_task(tasks.subject_id, tasks.next_due_at)
    days, lead = settings_of(LeadSettings).follow_up_days, standing(tasks.subject_id)
    if days and tasks.finished and not tasks.open and lead is not None and lead.status in OPEN:
        tasks.suggest("Follow up", in_days=days, owner_id=lead.owner_id, team_id=lead.team_id)


def follow_merged(*, of: UUID, to: UUID, only: list[UUID] | None = None) -> dict[str, list[UUID]]:
    """Have the tasks about a lead be about another one; which they are, by kind."""
    if "tasks" not in installed().plugins:
        return {}
    # Asked by name: tasks and leads know each other through hooks alone, and either may be absent.
    moved = installed().hook.tasks_about_merged(subject=Leads.subject, of=of, to=to, only=only)
    for lead_id in (of, to):
        leads.settle_next_action(lead_id)
    return {TASK: moved}


def tell_of_back() -> bool:
    """Tell of a batch of leads whose day has come, and have a task made for each; whether there may be more."""
    found = back.take(clock.today(agencies.agency_view().zone))
    for each in found:
        told = LeadCameBack(lead_id=each.lead_id, status=each.status, day=each.day)
        publish(told, of=Changed({"back_on": each.day.isoformat()}, {"back_on": None}))
        if "tasks" in installed().plugins:
            title = "Ask again" if each.status == "lost" else "Go on: no longer on hold"
            about = {"subject": Leads.subject, "subject_id": each.lead_id, "title": title}
            installed().hook.tasks_wanted(**about, owner_id=each.owner_id, team_id=each.team_id)
    return len(found) == back.BATCH


def tell_of_idle() -> None:
    """Record how many open leads without a next action each owner has, and each team of those nobody owns."""
    for owner_id, team_id, count in leads.without_action():
        if owner_id is None:
            publish(UnownedLeadsIdle(agency_id=current_agency_id(), team_id=team_id, count=count))
        else:
            publish(LeadsIdle(owner_id=owner_id, count=count))
