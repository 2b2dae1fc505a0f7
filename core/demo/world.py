"""A made-up agency with its people, as plugins find it that fill it."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from random import Random
from typing import NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale

from core.demo.chronicle import Chronicle, Fact

T = TypeVar("T")
PORTION = 500
_BY_MONTH = (1.55, 1.25, 1.05, 0.9, 0.85, 0.8, 0.85, 0.9, 1.0, 0.95, 0.9, 0.7)
"""January is when people plan; nobody asks before Christmas."""
_BY_HOUR = (1, 1, 0, 0, 0, 1, 2, 4, 7, 9, 10, 10, 8, 8, 9, 9, 8, 7, 8, 9, 10, 8, 5, 2)
_WEEKEND = 0.55
_GROWTH = 0.75
"""Below one, the second year is busier than the first."""


def stream(seed: int, slug: str, name: str) -> Random:
    """Random numbers for one thing in one agency."""
    # Of a text, which is hashed alike everywhere.
    return Random(f"{seed}:{slug}:{name}")  # noqa: S311 - made-up people, no secrets


class Staff(NamedTuple):
    """Somebody who works there."""

    user_id: UUID
    name: str
    role: str
    """The code of a built-in role."""
    team_id: UUID | None
    brand_id: UUID | None
    """The trading name their team sells under."""
    sells: str = ""
    """What their team is there for: `safari`, `umrah`; empty is everything."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A made-up agency. Whoever fills it writes with `bulk` and tells what happened with `tell`.

    What is not given (an id, an instant) is made of `ids.new()` and `clock.now()`, which are the same each time, too.
    """

    agency_id: UUID
    slug: str
    currency: str
    language: str
    zone: str
    country: str
    staff: tuple[Staff, ...]
    leads: int
    """How much trade there is: enquiries from `since` to `until`."""
    since: datetime
    until: datetime
    seed: int
    first: int = 0
    """The number of the first person: agencies that begin far apart share no address."""
    has_rules: bool = True
    """Whether the agency has set what an agency may set (how soon it answers, say), or nothing, as on its first day."""
    plugin: str = ""
    """Who fills it just now."""
    chronicle: Chronicle = field(default_factory=Chronicle)
    advance: Callable[[float], None] = lambda share: None
    """Told how much of a plugin's work is done, as a share that is added to what was told before."""

    @property
    def agents(self) -> tuple[Staff, ...]:
        """Those who sell."""
        return tuple(each for each in self.staff if each.role == "agent")

    def stream(self, name: str) -> Random:
        """A stream of random numbers of its own: whatever else draws, its numbers stay the same."""
        return stream(self.seed, self.slug, name)

    def tell(self, facts: Iterable[Fact]) -> None:
        """Say what happened; the log gets it from all plugins together, in the order in which it happened."""
        self.chronicle.tell(facts, self._telling)

    def portions(self, things: Iterable[T], *, count: int) -> Iterator[list[T]]:
        """So many things in lists for a statement each; the progress bar follows."""
        left = iter(things)
        while portion := list(islice(left, PORTION)):
            yield portion
            self.advance(len(portion) / max(count, 1))

    def arrivals(self, count: int, random: Random) -> list[datetime]:
        """When so many things come in, oldest first: more each year, by the agency's months, weekdays and hours."""
        zone, weekend = ZoneInfo(self.zone), _weekend(self.country)
        span, busiest = self.until - self.since, max(_BY_MONTH)
        found: list[datetime] = []
        while len(found) < count:
            at = (self.since + span * random.random() ** _GROWTH).astimezone(zone)
            wanted = _BY_MONTH[at.month - 1] * (_WEEKEND if at.weekday() in weekend else 1.0)
            if random.random() * busiest > wanted:
                continue
            hour = bisect(_HOURS, random.randrange(_HOURS[-1]))
            at = at.replace(hour=hour, minute=random.randrange(60), second=random.randrange(60), microsecond=0)
            at = at.astimezone(self.until.tzinfo)
            if self.since <= at < self.until:
                found.append(at)
        return sorted(found)

    @property
    def _telling(self) -> Random:
        return self._streams.setdefault(self.plugin, self.stream(f"{self.plugin}:events"))

    _streams: dict[str, Random] = field(default_factory=dict)


_HOURS = [sum(_BY_HOUR[: hour + 1]) for hour in range(24)]


def _weekend(country: str) -> Sequence[int]:
    locale = Locale.parse(f"und_{country}")
    return (locale.weekend_start, locale.weekend_end)
