"""Throttles: some attempts in a window are free, then each costs a wait that doubles; nothing is locked for ever."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import ARRAY, DateTime, Text, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.auth.errors import TooManyAttempts
from core.auth.models import ThrottleCount
from core.crypto import keyed_digest
from core.db.read import SystemQuery
from core.db.session import apart
from core.errors import Unavailable
from core.extensions import settings

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when somebody waits who does not: long ago for every clock."""


class Count(msgspec.Struct, frozen=True):
    """What is remembered of one key under one rule."""

    failures: int
    """In the window that began at `since`."""
    since: datetime
    level: int
    """How often in a row there was a wait."""
    until: datetime
    """Refused before this."""
    in_a_row: int
    counted_at: datetime


class Rule(msgspec.Struct, frozen=True):
    """So many failures within a time are free. `Rule(10, timedelta(minutes=5))`."""

    most: int
    within: timedelta
    grows: bool = True
    """After the free ones each failure doubles the wait, from 30 s to 1 h; otherwise only the window is waited out."""
    eases: timedelta | None = None
    """After this much quiet a wait is half as long again; the window's length where nothing is said."""
    most_in_a_row: int | None = None
    """After so many failures without a success every further one costs the longest wait."""

    def counted(self, before: Count, now: datetime) -> Count:
        """The count with one more failure."""
        quiet = max(timedelta(0), now - max(before.until, before.counted_at))
        level = max(0, before.level - quiet // (self.eases or self.within))
        over = level == 0 and now - before.since >= self.within
        failures, since = (1, now) if over else (before.failures + 1, before.since)
        in_a_row = before.in_a_row + 1
        until = before.until
        if level > 0 or failures >= self.most:
            # The window is waited out in any case: there are never more than `most` in it.
            until = max(now, since + self.within) if failures >= self.most else now
            if self.grows:
                level += 1
                until = max(until, now + _wait(level))
        if self.most_in_a_row is not None and in_a_row >= self.most_in_a_row:
            until = max(until, now + LONGEST_WAIT)
        return Count(failures, since, level, until, in_a_row, now)

    def forgiven(self, before: Count, now: datetime) -> Count:
        """The count with one failure less: it was none after all."""
        waits = before.until > now
        level = max(0, before.level - 1) if waits and self.grows else before.level
        until = _FREE if waits else before.until
        failures, in_a_row = max(0, before.failures - 1), max(0, before.in_a_row - 1)
        return Count(failures, before.since, level, until, in_a_row, before.counted_at)


class Throttle:
    """Counts under one name, by rules that must all be kept.

    Only a digest of the key is stored, so it may be an address or whatever identifies who is guessed at.
    """

    def __init__(self, name: str, *rules: Rule) -> None:
        self.name = name
        self.rules = rules

    def waits(self, key: str) -> bool:
        """Whether an attempt would be refused now; counts nothing."""
        return _until([place for place, _ in _places((self, key))]) is not None


Keyed = tuple[Throttle, str]


@contextmanager
def looked_at(*keyed: Keyed, beside: Sequence[Keyed] = ()) -> Iterator[None]:
    """Count an attempt that is looked at inside, as a failure for as long as that takes. Raises TooManyAttempts.

    So a hundred guesses sent at the same time are not all looked at before the first of them has failed. Where it ends
    well, everything that was counted under `keyed` is forgotten, and this attempt alone under those `beside`; where
    nobody had the time to look (Unavailable), the attempt was none.
    """
    attempt(*keyed, *beside)
    try:
        yield
    except Unavailable:
        settle(forgive=(*keyed, *beside))
        raise
    settle(forget=keyed, forgive=beside)


def attempt(*keyed: Keyed) -> None:
    """Count one attempt under several throttles, or under none where one of them refuses it. Raises TooManyAttempts."""
    places = dict(_places(*keyed))
    # Looked at without a lock first: a flood that is refused must not queue for the row everybody counts in.
    _refuse(_until(list(places)))
    with apart() as session:
        counts = _locked(session, list(places), clock.now())
        # After the wait for the rows: what others noted meanwhile must not seem to lie ahead.
        now = clock.now()
        _refuse(max((count.until for count in counts.values() if count.until > now), default=None))
        _write(session, {place: places[place].counted(count, now) for place, count in counts.items()})


def settle(*, forget: Sequence[Keyed] = (), forgive: Sequence[Keyed] = ()) -> None:
    """After a success: forget what was counted under some, take this attempt back under others."""
    with apart() as session:
        if forgive:
            places = dict(_places(*forgive))
            counts = _locked(session, list(places), clock.now())
            now = clock.now()
            _write(session, {place: places[place].forgiven(count, now) for place, count in counts.items()})
        if forget:
            gone = [place for place, _ in _places(*forget)]
            session.execute(delete(ThrottleCount).where(ThrottleCount.place.in_(gone)))


def forget_quiet(session: Session, *, since: timedelta) -> None:
    """Delete what nobody has touched for so long."""
    session.execute(delete(ThrottleCount).where(ThrottleCount.counted_at < clock.now() - since))


def _places(*keyed: Keyed) -> list[tuple[str, Rule]]:
    """Under which digest each rule counts, in the order in which rows are locked."""
    secret = settings().key_for("throttles")
    found = [
        # Keyed: whoever reads the table cannot try out addresses.
        (keyed_digest(secret, f"{each.name}:{number}:{key}".encode("utf-8", "surrogatepass")).hex()[:32], rule)
        for each, key in keyed
        for number, rule in enumerate(each.rules)
    ]
    return sorted(found, key=lambda place: place[0])


_COLUMNS = [getattr(ThrottleCount, name) for name in Count.__struct_fields__]
_LATEST = SystemQuery(
    select(func.max(ThrottleCount.until)).where(
        ThrottleCount.place == func.any(bindparam("places", type_=ARRAY(Text()))),
        ThrottleCount.until > bindparam("now", type_=DateTime(timezone=True)),
    ),
    lambda until: until,
)


def _until(places: list[str]) -> datetime | None:
    """Until when the longest wait lasts; None where there is none."""
    found: datetime | None = _LATEST.first(places=places, now=clock.now())
    return found


def _refuse(until: datetime | None) -> None:
    if until is not None:
        seconds = max(1, math.ceil((until - clock.now()).total_seconds()))
        raise TooManyAttempts(headers={"Retry-After": str(seconds)})


def _locked(session: Session, places: Sequence[str], now: datetime) -> dict[str, Count]:
    """The counts, made where there are none; nobody else counts in them until the session ends."""
    none = {"failures": 0, "since": now, "level": 0, "until": _FREE, "in_a_row": 0, "counted_at": now}
    statement = insert(ThrottleCount).values([{"place": place, **none} for place in places])
    # An update of nothing locks the row that is there, and always in the same order.
    statement = statement.on_conflict_do_update(index_elements=["place"], set_={"place": statement.excluded.place})
    rows = session.execute(statement.returning(ThrottleCount.place, *_COLUMNS))
    return {row[0]: Count(*row[1:]) for row in rows}


def _write(session: Session, counts: Mapping[str, Count]) -> None:
    rows = [{"at": place, **msgspec.structs.asdict(count)} for place, count in counts.items()]
    statement = update(ThrottleCount).where(ThrottleCount.place == bindparam("at"))
    names = Count.__struct_fields__
    session.connection().execute(statement.values({name: bindparam(name) for name in names}), rows)


def _wait(level: int) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(level - 1, 20)
    return min(doubled, LONGEST_WAIT)
