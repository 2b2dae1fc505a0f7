"""How far followers have come: who lags behind, whose turn it is, what went wrong."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    ScalarSelect,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    column,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import table as light_table
from sqlalchemy.exc import IntegrityError

from core import clock
from core.db.read import Statement, SystemQuery
from core.events.log import SCOPE
from core.events.models import FollowerEntry
from core.extensions import db
from core.streams import StreamHead
from core.telemetry import masked

_LONGEST_PAUSE = timedelta(minutes=5)
_LONGEST_ERROR = 500
# Not the model: agencies publish, so their module stands above this one.
_AGENCY = light_table("core_agency", column("id", Uuid()))


class Lag(msgspec.Struct, frozen=True):
    """A follower that has something to do in an agency; without an id it has no checkpoint there yet."""

    agency_id: UUID
    name: str
    id: UUID | None
    build: int | None
    live: bool | None
    seq: int | None
    failures: int | None
    retry_at: datetime | None
    last_error: str | None
    head: int

    @property
    def behind(self) -> int:
        """How many events it has not read."""
        return self.head - (self.seq or 0)


class Checkpoint(msgspec.Struct, frozen=True):
    """A build's place in the log, held by the running unit of work."""

    id: UUID
    build: int
    live: bool
    seq: int


_NAMES = func.unnest(bindparam("names", type_=ARRAY(Text()))).table_valued(column("name", Text())).render_derived()


def _places() -> Statement:
    """Every follower's place in every agency that has a log."""
    name = _NAMES.c.name
    here = (FollowerEntry.agency_id == StreamHead.agency_id) & (FollowerEntry.name == name)
    entry = (getattr(FollowerEntry, each) for each in ("id", "build", "live", "seq", "failures", "retry_at"))
    return (
        select(StreamHead.agency_id, name, *entry, FollowerEntry.last_error, StreamHead.seq)
        .select_from(StreamHead)
        .join(_AGENCY, _AGENCY.c.id == StreamHead.agency_id)
        .join(_NAMES, StreamHead.scope == SCOPE)
        .outerjoin(FollowerEntry, here)
    )


_BEHIND = or_(FollowerEntry.id.is_(None), FollowerEntry.seq < StreamHead.seq, FollowerEntry.live.is_(False))
_DUE = or_(FollowerEntry.retry_at.is_(None), FollowerEntry.retry_at <= bindparam("now", type_=DateTime(timezone=True)))
_WITHIN = StreamHead.agency_id == any_(bindparam("agencies", type_=ARRAY(Uuid())))
_LAGGING = SystemQuery(_places().where(_BEHIND, _DUE), Lag)
_LAGGING_WITHIN = SystemQuery(_places().where(_BEHIND, _DUE, _WITHIN), Lag)
_live = and_(FollowerEntry.agency_id == StreamHead.agency_id, FollowerEntry.name == _NAMES.c.name, FollowerEntry.live)
_BACKLOGS = SystemQuery(
    select(_NAMES.c.name, cast(func.sum(StreamHead.seq - func.coalesce(FollowerEntry.seq, 0)), BigInteger()))
    .select_from(StreamHead)
    .join(_AGENCY, _AGENCY.c.id == StreamHead.agency_id)
    .join(_NAMES, StreamHead.scope == SCOPE)
    .outerjoin(FollowerEntry, _live)
    .group_by(_NAMES.c.name),
    lambda name, behind: (name, behind),
)
_EVERY = SystemQuery(_places().order_by(StreamHead.agency_id, FollowerEntry.name, FollowerEntry.build), Lag)


def lagging(names: Iterable[str], agencies: Iterable[UUID] | None = None) -> list[Lag]:
    """Who has something to do now, in some agencies or all: one statement."""
    if agencies is None:
        return _LAGGING.rows(names=list(names), now=clock.now())
    return _LAGGING_WITHIN.rows(names=list(names), now=clock.now(), agencies=list(agencies))


def every(names: Iterable[str]) -> list[Lag]:
    """Every follower's place in every agency."""
    return _EVERY.rows(names=list(names))


def backlogs(names: Iterable[str]) -> dict[str, int]:
    """How many events each follower has not read, in all agencies together."""
    return dict(_BACKLOGS.rows(names=list(names)))


def live_build(name: str) -> ScalarSelect[Any]:
    """The build of a follower that readers see, for the WHERE of their statement; no row where nothing was read yet."""
    return select(FollowerEntry.build).where(FollowerEntry.name == name, FollowerEntry.live).scalar_subquery()


def hold(checkpoint_id: UUID) -> Checkpoint | None:
    """Hold a checkpoint until the unit of work ends; None where somebody else has it or it is gone."""
    found = db.session.execute(_held(FollowerEntry.id == checkpoint_id)).one_or_none()
    return Checkpoint(*found) if found else None


def hold_live(name: str) -> Checkpoint | None:
    """Hold the live build's checkpoint; None where somebody else has it or there is none."""
    found = db.session.execute(_held(FollowerEntry.name == name, FollowerEntry.live)).one_or_none()
    return Checkpoint(*found) if found else None


def builds(name: str) -> Sequence[Checkpoint]:
    """The builds of a follower in the acting agency, as they are now, the oldest first."""
    columns = (FollowerEntry.id, FollowerEntry.build, FollowerEntry.live, FollowerEntry.seq)
    statement = select(*columns).where(FollowerEntry.name == name).order_by(FollowerEntry.build)
    return [Checkpoint(*row) for row in db.session.execute(statement)]


def begin(names: Iterable[str]) -> None:
    """Set checkpoints before the first event of an agency that is being made."""
    db.session.add_all(FollowerEntry(name=name, build=1, live=True, seq=0, failures=0) for name in names)
    db.session.flush()


def create(name: str, *, build: int, live: bool, seq: int) -> UUID | None:
    """Set a checkpoint; None where somebody else just did."""
    entry = FollowerEntry(name=name, build=build, live=live, seq=seq, failures=0)
    try:
        with db.session.begin_nested():
            db.session.add(entry)
            db.session.flush()
    except IntegrityError:
        return None
    return entry.id


def move(held: Checkpoint, *, to: int) -> None:
    """Everything up to a number has been read."""
    _change(held.id, seq=to, failures=0, retry_at=None, last_error=None)


def pass_over(names: Iterable[str], *, seq: int) -> None:
    """Have the acting agency's followers with these names go on behind a number."""
    behind = update(FollowerEntry).where(FollowerEntry.name.in_(list(names)), FollowerEntry.seq < seq)
    db.session.execute(behind.values(seq=seq, failures=0, retry_at=None, last_error=None))


def switch(old: Checkpoint | None, new: Checkpoint) -> None:
    """Let readers see another build."""
    if old is not None:
        # At once due to be cleared away, even if it was stuck.
        _change(old.id, live=False, failures=0, retry_at=None, last_error=None)
    _change(new.id, live=True)


def remove(held: Checkpoint) -> None:
    """Take a build's checkpoint away."""
    db.session.execute(delete(FollowerEntry).where(FollowerEntry.id == held.id))


def fail(checkpoint_id: UUID, error: Exception, *, seq: int, failures: int, what: str) -> None:
    """Remember what stopped a follower at its place, unless somebody got past it meanwhile."""
    pause = min(timedelta(seconds=2 ** min(failures, 10)), _LONGEST_PAUSE)
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 - spreads repeats, keeps no secret
    reason = masked(f"{what}: {type(error).__name__}: {error}")[:_LONGEST_ERROR]
    statement = update(FollowerEntry).where(FollowerEntry.id == checkpoint_id, FollowerEntry.seq == seq)
    db.session.execute(
        statement.values(failures=failures + 1, retry_at=clock.now() + pause * jitter, last_error=reason)
    )


def _held(*conditions: Any) -> Any:
    columns = (FollowerEntry.id, FollowerEntry.build, FollowerEntry.live, FollowerEntry.seq)
    return select(*columns).where(*conditions).with_for_update(skip_locked=True)


def _change(checkpoint_id: UUID, **values: Any) -> None:
    # A statement, not the entity: `apply` may have acted as somebody else, which empties the session.
    db.session.execute(update(FollowerEntry).where(FollowerEntry.id == checkpoint_id).values(**values))
