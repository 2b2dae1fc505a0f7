"""What tests of scores share: the background work that reckons them, and what is shown of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.following import follow_once
from core.extensions import db
from core.jobs import registry
from core.jobs.models import JobEntry
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.leads import followers, jobs
from plugins.leads.models import Lead

RULES = "/leads/scoring/rules"
USUAL = {"warm_from": 40, "hot_from": 70, "count_plugins": True, "count_ai": False}
"""What holds where an agency has set nothing."""


class Scorer:
    """The agency's background work about scores, done when the test says so."""

    def __init__(self, agency: AgencyUnderTest) -> None:
        self.agency = agency

    @contextmanager
    def work(self) -> Iterator[None]:
        """A unit of work as the system in the agency."""
        with self.agency.app.app_context(), unit_of_work(), acting_as(system(self.agency.id)):
            yield

    def follow(self) -> None:
        """Score what something happened to."""
        follow_once(self.agency.app, names=[followers.SCORES.name], agencies=[self.agency.id])

    def waiting(self, name: str) -> list[JobEntry]:
        """The jobs of a name that wait."""
        mine = (JobEntry.agency_id == self.agency.id, JobEntry.state == "queued")
        with self.work():
            return list(db.session.scalars(select(JobEntry).where(JobEntry.name == name, *mine)))

    def run(self, name: str) -> int:
        """Do the jobs of a name that wait, and forget them; how many there were."""
        known, found = registry.known(self.agency.app), self.waiting(name)
        for each in found:
            with self.work():
                known[name].job.run(each.payload)
                db.session.execute(update(JobEntry).where(JobEntry.id == each.id).values(state="done"))
        return len(found)

    def rescore(self) -> None:
        """What follows from rules that changed."""
        self.run("leads.score_all")
        while self.run(jobs.score_open.name):
            pass

    def age(self, lead: dict[str, Any], *, days: int) -> None:
        """Have a lead have come in earlier."""
        at = clock.now() - timedelta(days=days)
        with self.work():
            values = {"created_at": at, "status_since": at, "updated_at": Lead.updated_at}
            db.session.execute(update(Lead).where(Lead.id == UUID(lead["id"])).values(**values))


def rule(api: ApiClient, label: str, points: int, **conditions: Any) -> dict[str, Any]:
    made: dict[str, Any] = ok(api.post(RULES, {"label": label, "points": points, "conditions": conditions}), 201)
    return made


def score(api: ApiClient, lead: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.get(f"/leads/{lead['id']}/score"))
    return found


def labels(api: ApiClient, lead: dict[str, Any]) -> dict[str, int]:
    return {each["label"]: each["points"] for each in score(api, lead)["rules"]}


def told(api: ApiClient, lead: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["payload"] for each in ok(api.get(f"/audit?subject_id={lead['id']}&name=leads.lead_scored"))["items"]]
