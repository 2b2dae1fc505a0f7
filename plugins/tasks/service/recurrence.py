"""How tasks repeat: the part of RFC 5545 that has an end, in days by the clocks of the task's zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from dateutil import rrule

from core.sdk import Fault, Invalid

MOST = 500
"""Occurrences that COUNT may ask for."""
YEARS = 10
"""How far from its first day a rule may reach."""
_FREQUENCIES: dict[str, Any] = {
    "DAILY": rrule.DAILY,
    "WEEKLY": rrule.WEEKLY,
    "MONTHLY": rrule.MONTHLY,
    "YEARLY": rrule.YEARLY,
}
_DAYS = {"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU}
_ORDER = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL")


@dataclass(frozen=True)
class Rule:
    """A rule that was read."""

    freq: str
    interval: int = 1
    by_day: tuple[tuple[int | None, str], ...] = ()
    by_month_day: tuple[int, ...] = ()
    count: int | None = None
    until: date | None = None

    def __str__(self) -> str:
        """The rule as it is stored: the parts that say something, in one order."""
        days = ",".join(f"{number or ''}{day}" for number, day in self.by_day)
        parts = {
            "FREQ": self.freq,
            "INTERVAL": str(self.interval) if self.interval > 1 else "",
            "BYDAY": days,
            "BYMONTHDAY": ",".join(map(str, self.by_month_day)),
            "COUNT": str(self.count or ""),
            "UNTIL": self.until.strftime("%Y%m%d") if self.until else "",
        }
        return ";".join(f"{name}={parts[name]}" for name in _ORDER if parts[name])

    def days(self, first: date) -> Iterator[date]:
        """Its days in order, from the first one on; they end."""
        end = _horizon(first) if self.until is None else min(self.until, _horizon(first))
        every: Any = rrule.rrule(
            _FREQUENCIES[self.freq],
            dtstart=datetime.combine(first, time()),
            interval=self.interval,
            byweekday=[_DAYS[day](number) if number else _DAYS[day] for number, day in self.by_day] or None,
            bymonthday=list(self.by_month_day) or None,
            # COUNT is counted here: a rule that never comes true would be looked for until the year 9999.
            until=datetime.combine(end, time()),
        )
        return (found.date() for found in islice(every, self.count))


def read(text: str, first: date) -> Rule:
    """A rule whose first day this is. Raises Invalid for one that is not understood, has no end, or starts elsewhere.

    The fault is at `/rrule`, or at `/due_on` where the first day is no day of the rule.
    """
    rule = _parsed(text)
    if (rule.count is None) == (rule.until is None):
        raise _fault("unbounded", "Say where it ends: either COUNT or UNTIL")
    if rule.until is not None and not first <= rule.until <= _horizon(first):
        raise _fault("unbounded", f"UNTIL is between the first day and {YEARS} years later")
    begins = next(rule.days(first), None)
    if begins is None:
        raise _fault("empty", "This rule has no day")
    if begins != first:
        raise Invalid(errors=[Fault("/due_on", "not_in_rule", f"The rule begins on {begins}; make that the first day")])
    return rule


def normal(text: str) -> str:
    """A rule as it is stored. Raises Invalid."""
    return str(_parsed(text))


def after(text: str, first: date, day: date, *, unless: Callable[[date], bool]) -> date | None:
    """The next day of a stored rule after a day, those left out that `unless` is true of; None where it has ended."""
    return next((each for each in _parsed(text).days(first) if each > day and not unless(each)), None)


def _parsed(text: str) -> Rule:
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, _, value = part.partition("=")
        if name not in _ORDER or not value or name in parts:
            raise _fault("rule", f"A rule is made of {', '.join(_ORDER)}, each once, as FREQ=WEEKLY;COUNT=10")
        parts[name] = value
    freq = parts.get("FREQ", "")
    if freq not in _FREQUENCIES:
        raise _fault("rule", f"FREQ is one of {', '.join(_FREQUENCIES)}")
    rule = Rule(
        freq=freq,
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), most=366),
        by_day=tuple(_weekday(each, freq) for each in _list(parts.get("BYDAY"))),
        by_month_day=tuple(_month_day(each) for each in _list(parts.get("BYMONTHDAY"))),
        count=_number("COUNT", parts["COUNT"], most=MOST) if "COUNT" in parts else None,
        until=_day(parts["UNTIL"]) if "UNTIL" in parts else None,
    )
    if rule.by_month_day and freq == "WEEKLY":
        raise _fault("rule", "A weekly rule has no BYMONTHDAY")
    return rule


def _list(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _number(name: str, text: str, *, most: int) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise _fault("rule", f"{name} is a number from 1 to {most}")
    return int(text)


def _weekday(text: str, freq: str) -> tuple[int | None, str]:
    found = re.fullmatch("([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", text)
    if found is None or (found[1] and freq not in {"MONTHLY", "YEARLY"}):
        raise _fault("rule", "BYDAY is days as MO,WE; in a month or year also 1MO or -1FR")
    return (int(found[1]) if found[1] else None, found[2])


def _month_day(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,2}", text) or not 1 <= abs(int(text)) <= 31:
        raise _fault("rule", "BYMONTHDAY is days from 1 to 31, or from the end as -1")
    return int(text)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day, not an instant
    except ValueError:
        raise _fault("rule", "UNTIL is a day, as 20271231") from None


def _horizon(first: date) -> date:
    # 29 February has no namesake in most years.
    year = min(first.year + YEARS, 9998)
    return date(year, first.month, min(first.day, 28))


def _fault(code: str, message: str) -> Invalid:
    return Invalid(errors=[Fault("/rrule", code, message)])
