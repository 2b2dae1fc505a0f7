"""Working time: when a calendar is open, and arithmetic in the minutes it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class NeverOpens(ValueError):
    """A calendar has no opening at or after the instant that was asked about."""


class Span(msgspec.Struct, frozen=True, order=True):
    """A stretch of one day, in minutes of the wall clock since midnight; 1440 is the midnight that ends the day."""

    opens: int
    closes: int


Spans = tuple[Span, ...]


class WorkingCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Opening hours by the wall clock of a zone; build it with `calendar`, which sorts and joins what touches.

    All instants have an offset; answers are in UTC. Working time is real time that passes while it is open: on the day
    the clocks change, a span over the change is an hour shorter or longer. A time that the clocks skip means the moment
    they are put forward, one they show twice means the first.
    """

    zone: str
    week: tuple[Spans, ...]
    """Seven, from Monday; a day without spans is closed."""
    closed: frozenset[date] = frozenset()
    extra: Mapping[date, Spans] = {}
    """Days with hours of their own, whatever weekday or holiday they are."""

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at an instant; the one that closes a span is no longer in it."""
        start, end = next(self._openings(at), (at, at))
        return start <= at < end

    def next_opening(self, at: datetime) -> datetime:
        """The instant itself while it is open, else when it opens next. Raises NeverOpens."""
        for start, _ in self._openings(at):
            return max(start, at.astimezone(UTC))
        raise NeverOpens(f"Not open at or after {at:%Y-%m-%d %H:%M}")

    def add(self, start: datetime, minutes: int) -> datetime:
        """The first instant at which so many working minutes have passed since `start`. Raises NeverOpens."""
        if minutes < 0:
            raise ValueError("Working time is added, never taken off")
        left, start = timedelta(minutes=minutes), start.astimezone(UTC)
        if not left:
            return start
        for opens, closes in self._openings(start):
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
        raise NeverOpens(f"Not open for {minutes} minutes after {start:%Y-%m-%d %H:%M}")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time that passes from one instant to another; negative where the second is the earlier."""
        if end < start:
            return -self.between(end, start)
        total = timedelta(0)
        for opens, closes in self._openings(start):
            if opens >= end:
                break
            total += min(closes, end) - max(opens, start)
        return total

    def hours_of(self, day: date) -> Spans:
        """The spans of a day."""
        if day in self.extra:
            return self.extra[day]
        return () if day in self.closed else self.week[day.weekday()]

    def _openings(self, after: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is open at an instant or later, in order, as pairs of instants in UTC."""
        zone = ZoneInfo(self.zone)
        # The day before: where the clocks go back over midnight, it may still be on.
        day = after.astimezone(zone).date() - _DAY
        last = max(self.extra, default=date.min)
        while day <= last or any(self.week):
            for span in self.hours_of(day):
                start, end = _instant(day, span.opens, zone), _instant(day, span.closes, zone)
                # A span that the clocks skip altogether has no time in it.
                if start < end and end > after:
                    yield start, end
            day += _DAY


def calendar(
    zone: str,
    week: Iterable[Iterable[Span]],
    *,
    closed: Iterable[date] = (),
    extra: Mapping[date, Iterable[Span]] | None = None,
) -> WorkingCalendar:
    """A calendar of these hours. Raises ValueError for a span that is none, and where there are not seven days."""
    days = tuple(joined(spans) for spans in week)
    if len(days) != len(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        raise ValueError("A week has seven days")
    others = {day: joined(spans) for day, spans in (extra or {}).items()}
    return WorkingCalendar(zone=zone, week=days, closed=frozenset(closed), extra=others)


def joined(spans: Iterable[Span]) -> Spans:
    """The spans of a day in order, those that touch or overlap as one. Raises ValueError for one that is none."""
    found: list[Span] = []
    for span in sorted(spans):
        if not 0 <= span.opens < span.closes <= DAY_MINUTES:
            raise ValueError(f"From {span.opens} to {span.closes} is no part of a day")
        if found and span.opens <= found[-1].closes:
            found[-1] = Span(found[-1].opens, max(found[-1].closes, span.closes))
        else:
            found.append(span)
    return tuple(found)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When the wall clock of a zone first shows a minute of a day, or jumps over it."""
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # Skipped: the jump lies between what the clock's two offsets make of it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    offset = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
