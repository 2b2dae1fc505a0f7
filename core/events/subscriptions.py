"""Subscribers: each event and each subscriber of it is one job, so that a failing one is repeated alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import current_app
from sqlalchemy import Uuid, bindparam, select

from core.db import read
from core.events.event import Event
from core.events.follower import Recorded
from core.events.models import EventEntry
from core.jobs.job import Discard, Job, entry_of
from core.jobs.models import NewJob

if TYPE_CHECKING:
    from core.plugins.manager import Plugins

QUEUE = "events"
_EVENT = read.Query(
    select(*read.columns(Recorded, EventEntry)).where(EventEntry.id == bindparam("event_id", type_=Uuid())), Recorded
)


def job_of(subscriber: Callable[..., None]) -> Job[Any]:
    """The job that calls a subscriber with an event: `<plugin>.<function>`, whose argument is the event's id."""

    def call(event_id: UUID) -> None:
        subscriber(load(event_id))

    call.__module__, call.__name__, call.__doc__ = subscriber.__module__, subscriber.__name__, subscriber.__doc__
    return Job(call, queue=QUEUE)


def load(event_id: UUID) -> Event:
    """An event of the acting agency's log. Raises Discard where there is none, UnknownEvent, ValidationError."""
    found = _EVENT.first(event_id=event_id)
    if found is None:
        raise Discard("The event is not in the log")
    return found.event()


def install(plugins: Plugins) -> Mapping[str, tuple[tuple[str, Job[Any]], ...]]:
    """For each event, the plugins that subscribe to it and their jobs."""
    found: dict[str, tuple[tuple[str, Job[Any]], ...]] = {}
    for plugin in plugins.plugins.values():
        for event, subscribers in plugin.subscribers.items():
            found[event] = (*found.get(event, ()), *((plugin.name, job_of(each)) for each in subscribers))
    return found


def jobs(entry: EventEntry) -> Iterator[NewJob]:
    """The jobs that an event causes: one per subscriber whose plugin is on for the agency."""
    # Late: the switch is read with the read engine, which stands on what publishes.
    from core.plugins import agencies

    subscribed = current_app.extensions["tripfile.subscriptions"].get(entry.name, ())
    for plugin, job in subscribed:
        if agencies.enabled(plugin, entry.agency_id):
            row = entry_of(job, {"event_id": str(entry.id)}, unique=str(entry.id))
            row.agency_id = entry.agency_id
            yield row
