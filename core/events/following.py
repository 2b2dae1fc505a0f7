"""Following the log: each follower reads each agency's events in order and each of them once, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from flask import Flask, current_app
from prometheus_client import Counter
from sqlalchemy import BigInteger, bindparam, select

from core.actor import system
from core.db import read
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import checkpoints
from core.events.checkpoints import Checkpoint, Lag
from core.events.follower import Follower, Recorded
from core.events.models import EventEntry

log = structlog.get_logger()
BATCH = 200
"""The most events of one transaction."""
_EXTENSION = "tripfile.followers"
_failures = Counter("tripfile_follower_failures", "Batches or events that a follower failed on.", ["follower"])
_AFTER = read.Query(
    select(*read.columns(Recorded, EventEntry))
    .where(EventEntry.seq > bindparam("after", type_=BigInteger()))
    .order_by(EventEntry.seq)
    .limit(bindparam("limit", type_=BigInteger())),
    Recorded,
)


class Gap(RuntimeError):
    """Events are missing in a log that has no holes: somebody removed them. Nobody reads past it."""


class Poison(RuntimeError):
    """An event that a follower fails on."""


@dataclass(frozen=True)
class Followed:
    """A follower and the plugin whose switch counts for it."""

    plugin: str
    follower: Follower


def registered(app: Flask) -> Mapping[str, Followed]:
    """The followers of the loaded plugins, by name."""
    found: dict[str, Followed] | None = app.extensions.get(_EXTENSION)
    if found is None:
        plugins = app.extensions["tripfile.plugins"].plugins.values()
        found = {each.name: Followed(plugin.name, each) for plugin in plugins for each in plugin.followers}
        app.extensions[_EXTENSION] = found
    return found


def after(seq: int, *, limit: int, head: int = 0) -> list[Recorded]:
    """The acting agency's events after a number, in order. Raises Gap where one is missing, up to `head` at least."""
    entries = _AFTER.rows(after=seq, limit=limit)
    for expected, entry in enumerate(entries, start=seq + 1):
        if entry.seq != expected:
            raise Gap(f"Event {expected} is missing: the log goes on with {entry.seq}")
    if not entries and seq < head:
        raise Gap(f"Events {seq + 1} to {head} are missing at the end of the log")
    return entries


def follow_once(app: Flask, *, names: Iterable[str] | None = None, agencies: Iterable[UUID] | None = None) -> int:
    """Let followers read until nothing is left that can be read now; how many batches that took."""
    wanted = list(registered(app)) if names is None else list(names)
    within = None if agencies is None else list(agencies)
    batches = 0
    while True:
        with app.app_context():
            lags = checkpoints.lagging(wanted, within)
        moved = sum(step(app, lag) for lag in lags)
        if not moved:
            return batches
        batches += moved


def step(app: Flask, lag: Lag) -> bool:
    """Let one follower read a batch in one agency; whether it came further. Its own errors become its failures."""
    if waits(app, lag):
        return False
    limit = 1 if lag.failures else BATCH
    try:
        return _advance(app, lag, limit)
    except Exception as error:  # noqa: BLE001 - one follower's error, whatever it is, must not stop the others
        if limit == 1:
            return _note(app, lag, error)
    # Again one by one: what comes before the one that fails gets through, and that one is named.
    moved = False
    for _ in range(BATCH):
        try:
            if not _advance(app, lag, 1):
                return moved
        except Exception as error:  # noqa: BLE001 - as above
            return _note(app, lag, error) or moved
        moved = True
    return moved


def begin() -> None:
    """Set every follower's checkpoint before the acting agency's first event, in the running unit of work."""
    checkpoints.begin(registered(current_app))


def pass_over(seq: int) -> None:
    """Have the acting agency's followers go on behind a number, but for those that must see everything.

    What came before is told of the past, and they do work for what happens.
    """
    every = registered(current_app).items()
    checkpoints.pass_over([name for name, each in every if not each.follower.complete], seq=seq)


def waits(app: Flask, lag: Lag) -> bool:
    """Whether a follower that must see everything stands still because its plugin is off for the agency."""
    followed = registered(app)[lag.name]
    with app.app_context():
        return followed.follower.complete and not _is_on(followed, lag.agency_id)


def _advance(app: Flask, lag: Lag, limit: int) -> bool:
    followed = registered(app)[lag.name]
    with app.app_context(), unit_of_work(), acting_as(system(lag.agency_id)):
        if lag.id is None:
            start = 0 if followed.follower.complete else lag.head
            return checkpoints.create(lag.name, build=1, live=True, seq=start) is not None
        held = checkpoints.hold(lag.id)
        if held is None:
            return False
        if held.live:
            return _read(followed, held, lag, limit) > held.seq
        return _rebuild(followed, held, lag, limit)


def _read(followed: Followed, held: Checkpoint, lag: Lag, limit: int) -> int:
    """Take a batch and move the checkpoint with what it causes; where it stands then."""
    entries = after(held.seq, limit=limit, head=lag.head)
    if not entries:
        return held.seq
    wanted = _wanted(followed.follower, entries)
    if wanted and _is_on(followed, lag.agency_id):
        _apply(followed.follower, wanted, held.build)
    checkpoints.move(held, to=entries[-1].seq)
    return entries[-1].seq


def _rebuild(followed: Followed, held: Checkpoint, lag: Lag, limit: int) -> bool:
    """Take a batch for a build that nobody sees yet; it becomes the live one when it has caught up with that."""
    live = next((each for each in checkpoints.builds(lag.name) if each.live), None)
    if live is not None and held.build < live.build:
        _forget(followed.follower, held)
        return True
    stands = _read(followed, held, lag, limit)
    if live is None or live.seq <= stands:
        # Held, because it goes on while we look.
        old = checkpoints.hold_live(lag.name)
        if (live is None and old is None) or (old is not None and old.seq <= stands):
            checkpoints.switch(old, held)
            return True
    return stands > held.seq


def _forget(follower: Follower, held: Checkpoint) -> None:
    if follower.forget is not None:
        follower.forget(held.build)
    checkpoints.remove(held)


def _wanted(follower: Follower, entries: Sequence[Recorded]) -> Sequence[Recorded]:
    return entries if follower.events is None else [entry for entry in entries if entry.name in follower.events]


def _apply(follower: Follower, entries: Sequence[Recorded], build: int) -> None:
    try:
        follower.apply(entries, build)
    except Exception as error:
        if len(entries) == 1:
            raise Poison(f"event {entries[0].seq} ({entries[0].name}, {entries[0].id})") from error
        raise


def _note(app: Flask, lag: Lag, error: Exception) -> bool:
    """Remember a failure; never a step forward."""
    cause = error.__cause__ if isinstance(error, Poison) and isinstance(error.__cause__, Exception) else error
    what = str(error) if isinstance(error, Poison) else "reading the log"
    _failures.labels(lag.name).inc()
    alarm = log.error if isinstance(error, Gap) else log.warning
    alarm("follower.failed", follower=lag.name, agency_id=str(lag.agency_id), what=what, exc_info=cause)
    if lag.id is None:
        return False
    with app.app_context(), unit_of_work(), acting_as(system(lag.agency_id)):
        held = checkpoints.hold(lag.id)
        if held is not None:
            checkpoints.fail(lag.id, cause, seq=held.seq, failures=lag.failures or 0, what=what)
    return False


def _is_on(followed: Followed, agency_id: UUID) -> bool:
    # Late: the switch is read with the read engine, which stands on what publishes.
    from core.plugins import agencies

    return agencies.enabled(followed.plugin, agency_id)
