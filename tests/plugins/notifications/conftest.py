"""People who are told things, and the background work that tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.following import follow_once
from core.extensions import db
from core.http.application import Application
from core.jobs.job import Job, job
from core.jobs.models import JobEntry
from core.plugins.hookspecs import hookimpl
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from plugins.notifications import followers, jobs
from plugins.notifications.api import Channel

ENQUIRY: dict[str, Any] = {
    "contact": {"name": "Ben Okri", "emails": [{"address": "ben@example.com"}]},
    "destinations": ["Kenya"],
    "adults": 2,
}


class Background:
    """The agency's background work, done when the test says so."""

    def __init__(self, app: Application, agency_id: UUID) -> None:
        self.app = app
        self.agency_id = agency_id

    @contextmanager
    def work(self) -> Iterator[None]:
        """A unit of work as the system in the agency."""
        with self.app.app_context(), unit_of_work(), acting_as(system(self.agency_id)):
            yield

    def follow(self) -> None:
        """Let the follower read what is new in the log."""
        follow_once(self.app, names=[followers.GATHER.name], agencies=[self.agency_id])

    def waiting(self, name: str = jobs.tell.name) -> list[dict[str, Any]]:
        """The arguments of the jobs of a name that wait."""
        with self.work():
            statement = select(JobEntry.payload).where(
                JobEntry.agency_id == self.agency_id, JobEntry.name == name, JobEntry.state == "queued"
            )
            return list(db.session.scalars(statement.order_by(JobEntry.id)))

    def tell(self) -> None:
        """Let everybody be told of what has happened."""
        self.follow()
        with self.work():
            statement = select(JobEntry).where(
                JobEntry.agency_id == self.agency_id, JobEntry.name == jobs.tell.name, JobEntry.state == "queued"
            )
            for entry in db.session.scalars(statement.order_by(JobEntry.id)):
                entry.state = "done"
                jobs.tell.run(entry.payload)


@pytest.fixture
def background(app: Application, agency: AgencyUnderTest) -> Background:
    """The agency's background work."""
    return Background(app, agency.id)


@pytest.fixture
def act(background: Background) -> Callable[[], AbstractContextManager[None]]:
    """Units of work as the system in the agency, one after the other."""
    return background.work


@pytest.fixture
def mailing(app: Application) -> Iterator[Job[[UUID]]]:
    """A plugin that delivers by mail."""

    def mail_notification(notification_id: UUID) -> None:
        """Mails a notification."""

    mail_notification.__module__ = "plugins.postbox.jobs"
    declared = job()(mail_notification)

    @hookimpl
    def notifications_channels() -> list[Channel]:
        return [Channel(name="mail", summary="Letters", deliver=declared)]

    postbox = ModuleType("postbox")
    postbox.__dict__["notifications_channels"] = notifications_channels
    relay = app.extensions["tripfile.plugins"].relay
    relay.register(postbox, "postbox")
    yield declared
    relay.unregister(postbox)


@pytest.fixture
def enquire(api: ApiClient) -> Callable[..., dict[str, Any]]:
    """Takes in a lead."""

    def take_in(by: ApiClient = api, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = ok(by.post("/leads", ENQUIRY | changes), 201)
        return made

    return take_in
