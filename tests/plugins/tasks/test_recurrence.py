"""Rules that repeat: what is understood, what is refused, and that every one ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sdk import Invalid
from plugins.tasks.service import recurrence
from plugins.tasks.service.recurrence import MOST, YEARS

FRIDAY = date(2027, 1, 1)


def never(_day: date) -> bool:
    return False


class TestReading:
    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("FREQ=DAILY;COUNT=3", [1, 2, 3]),
            ("FREQ=WEEKLY;BYDAY=FR,MO;COUNT=4", [1, 4, 8, 11]),
            ("FREQ=MONTHLY;BYDAY=1FR;COUNT=2", [1, 36]),
            ("FREQ=DAILY;INTERVAL=10;UNTIL=20270125", [1, 11, 21]),
        ],
    )
    def test_gives_the_days_of_the_rule(self, text: str, days: list[int]) -> None:
        found = list(recurrence.read(text, FRIDAY).days(FRIDAY))
        assert found == [FRIDAY + timedelta(days=number - 1) for number in days]

    @pytest.mark.parametrize(
        ("text", "pointer", "code"),
        [
            ("FREQ=DAILY", "/rrule", "unbounded"),
            ("FREQ=DAILY;COUNT=3;UNTIL=20270301", "/rrule", "unbounded"),
            ("FREQ=DAILY;UNTIL=20500101", "/rrule", "unbounded"),
            ("FREQ=DAILY;UNTIL=20260101", "/rrule", "unbounded"),
            ("FREQ=DAILY;COUNT=501", "/rrule", "rule"),
            ("FREQ=SECONDLY;COUNT=3", "/rrule", "rule"),
            ("FREQ=DAILY;BYSECOND=1;COUNT=3", "/rrule", "rule"),
            ("FREQ=WEEKLY;BYDAY=1FR;COUNT=3", "/rrule", "rule"),
            ("FREQ=WEEKLY;BYMONTHDAY=1;COUNT=3", "/rrule", "rule"),
            ("FREQ=MONTHLY;BYMONTHDAY=32;COUNT=3", "/rrule", "rule"),
            ("FREQ=DAILY;COUNT=3;COUNT=4", "/rrule", "rule"),
            ("FREQ=DAILY;UNTIL=20270230", "/rrule", "rule"),
            ("COUNT=3", "/rrule", "rule"),
            ("every day", "/rrule", "rule"),
            # Seven days after a Friday there is no Tuesday.
            ("FREQ=DAILY;INTERVAL=7;BYDAY=TU;COUNT=1", "/rrule", "empty"),
            ("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "/due_on", "not_in_rule"),
        ],
    )
    def test_refuses(self, text: str, pointer: str, code: str) -> None:
        with pytest.raises(Invalid) as refused:
            recurrence.read(text, FRIDAY)
        assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [(pointer, code)]


weekdays = st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), unique=True, max_size=7)


@st.composite
def rules(draw: st.DrawFn) -> str:
    parts = [f"FREQ={draw(st.sampled_from(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']))}"]
    parts.append(f"INTERVAL={draw(st.integers(1, 366))}")
    if days := draw(weekdays):
        parts.append(f"BYDAY={','.join(days)}")
    if "WEEKLY" not in parts[0] and (months := draw(st.lists(st.integers(1, 31), max_size=3))):
        parts.append(f"BYMONTHDAY={','.join(map(str, months))}")
    return ";".join([*parts, f"COUNT={draw(st.integers(1, MOST))}"])


class TestEveryRule:
    @settings(deadline=None)
    @given(rules(), st.dates(date(2024, 1, 1), date(2030, 1, 1)))
    def test_ends_goes_forward_and_reads_back_the_same(self, text: str, first: date) -> None:
        try:
            rule = recurrence.read(text, first)
        except Invalid:
            return
        days = list(rule.days(first))
        assert days[0] == first
        assert days == sorted(set(days))
        assert len(days) <= MOST
        assert days[-1].year <= first.year + YEARS
        assert recurrence.read(str(rule), first) == rule
        # One after the other, as tasks are done.
        walked = [first]
        while (following := recurrence.after(text, first, walked[-1], unless=never)) and len(walked) < 5:
            walked.append(following)
        assert walked == days[: len(walked)]
