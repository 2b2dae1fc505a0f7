"""Working time: what passes while a calendar is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendars.hours import NeverOpens, Span, WorkingCalendar, calendar, joined

NINE_TO_SIX = [[Span(540, 1080)]] * 5 + [[], []]
ZONES = [
    "UTC",
    "Europe/Lisbon",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    # Clocks that change at midnight: the day begins at one, or an hour of the evening comes twice.
    "Asia/Beirut",
    "America/Havana",
    "America/Asuncion",
    "Africa/Cairo",
    # A day that never was.
    "Pacific/Apia",
]

spans = st.builds(
    lambda start, length: Span(start, min(start + length, 1440)), st.integers(0, 1439), st.integers(1, 900)
)
days = st.dates(date(2011, 12, 20), date(2012, 4, 30)) | st.dates(date(2026, 1, 1), date(2027, 12, 31))


def instants(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    """Instants of a time, to the microsecond."""
    length = (last - first) // timedelta(microseconds=1)
    return st.integers(0, length).map(lambda passed: first + timedelta(microseconds=passed))


moments = instants(datetime(2011, 12, 25, tzinfo=UTC), datetime(2012, 4, 30, tzinfo=UTC)) | instants(
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
)
weeks = st.lists(st.lists(spans, max_size=3), min_size=7, max_size=7).filter(any)
calendars = st.builds(
    calendar,
    st.sampled_from(ZONES),
    weeks,
    closed=st.frozensets(days, max_size=10),
    extra=st.dictionaries(days, st.lists(spans, max_size=2), max_size=5),
)
minutes = st.integers(0, 12_000)
near = st.timedeltas(timedelta(0), timedelta(days=40))


class TestArithmetic:
    @given(calendars, moments, minutes)
    def test_what_was_added_has_passed(self, hours: WorkingCalendar, start: datetime, amount: int) -> None:
        assert hours.between(start, hours.add(start, amount)) == timedelta(minutes=amount)

    @given(calendars, moments, minutes)
    def test_no_earlier_instant_would_do(self, hours: WorkingCalendar, start: datetime, amount: int) -> None:
        due = hours.add(start, amount)
        assert due >= start
        if due > start:
            assert hours.between(start, due - timedelta(seconds=1)) < timedelta(minutes=amount)

    @given(calendars, moments, minutes, minutes)
    def test_in_two_steps_it_is_the_same(self, hours: WorkingCalendar, start: datetime, one: int, two: int) -> None:
        assert hours.add(hours.add(start, one), two) == hours.add(start, one + two)

    @given(calendars, moments, near, minutes)
    def test_who_starts_later_is_never_done_sooner(
        self, hours: WorkingCalendar, start: datetime, later: timedelta, amount: int
    ) -> None:
        assert hours.add(start, amount) <= hours.add(start + later, amount)

    @given(calendars, moments, near, near)
    def test_time_adds_up(self, hours: WorkingCalendar, start: datetime, one: timedelta, two: timedelta) -> None:
        middle, end = start + one, start + one + two
        whole = hours.between(start, end)
        assert whole == hours.between(start, middle) + hours.between(middle, end)
        assert timedelta(0) <= whole <= end - start
        assert hours.between(end, start) == -whole

    @given(calendars, moments)
    def test_it_is_open_exactly_while_working_time_passes(self, hours: WorkingCalendar, at: datetime) -> None:
        at = at.replace(microsecond=0)
        passing = hours.between(at, at + timedelta(seconds=1)) == timedelta(seconds=1)
        assert hours.is_open(at) == passing

    @given(calendars, moments)
    def test_it_is_open_at_its_next_opening_and_never_before(self, hours: WorkingCalendar, at: datetime) -> None:
        opening = hours.next_opening(at)
        assert hours.is_open(opening)
        assert opening >= at
        assert hours.between(at, opening) == timedelta(0)
        assert (opening == at) == hours.is_open(at)


class TestTheWallClock:
    def test_friday_evening_goes_on_on_monday(self) -> None:
        hours = calendar("Europe/Lisbon", NINE_TO_SIX)
        friday = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
        assert hours.add(friday, 60) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

    def test_a_deadline_at_the_end_of_the_day_is_no_later_morning(self) -> None:
        hours = calendar("Europe/Lisbon", NINE_TO_SIX)
        assert hours.add(datetime(2026, 11, 20, 17, tzinfo=UTC), 60) == datetime(2026, 11, 20, 18, tzinfo=UTC)

    def test_nine_is_nine_in_summer_and_winter(self) -> None:
        hours = calendar("Europe/Lisbon", NINE_TO_SIX)
        assert hours.next_opening(datetime(2026, 7, 6, tzinfo=UTC)) == datetime(2026, 7, 6, 8, tzinfo=UTC)
        assert hours.next_opening(datetime(2026, 12, 7, tzinfo=UTC)) == datetime(2026, 12, 7, 9, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("day", "worked"), [(date(2026, 3, 29), 5), (date(2026, 10, 25), 7), (date(2026, 6, 1), 6)]
    )
    def test_a_night_with_a_change_of_clocks_is_as_long_as_it_really_is(self, day: date, worked: int) -> None:
        hours = calendar("Europe/Lisbon", [[Span(0, 360)]] * 7)
        zone = ZoneInfo("Europe/Lisbon")
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        assert hours.between(midnight, midnight.replace(hour=12)) == timedelta(hours=worked)

    def test_a_skipped_time_is_when_the_clocks_are_put_forward(self) -> None:
        hours = calendar("Europe/Lisbon", [[Span(90, 240)]] * 7)  # Half past one to four; the clocks skip from 1 to 2.
        assert hours.next_opening(datetime(2026, 3, 29, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_a_time_that_comes_twice_is_the_first(self) -> None:
        hours = calendar("Europe/Lisbon", [[Span(90, 240)]] * 7)
        assert hours.next_opening(datetime(2026, 10, 25, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_a_night_shift_is_two_spans_without_a_gap(self) -> None:
        hours = calendar("UTC", [[Span(0, 360), Span(1320, 1440)]] * 7)
        assert hours.add(datetime(2026, 6, 1, 23, tzinfo=UTC), 180) == datetime(2026, 6, 2, 2, tzinfo=UTC)


class TestDays:
    def test_holidays_are_closed_and_extra_days_open_whatever_they_are(self) -> None:
        saturday, monday = date(2026, 11, 21), date(2026, 11, 23)
        hours = calendar("UTC", NINE_TO_SIX, closed=[saturday, monday], extra={saturday: [Span(600, 720)]})
        assert hours.add(datetime(2026, 11, 20, 18, tzinfo=UTC), 121) == datetime(2026, 11, 24, 9, 1, tzinfo=UTC)

    def test_a_calendar_without_hours_never_opens(self) -> None:
        hours = calendar("UTC", [[]] * 7, extra={date(2026, 1, 1): [Span(0, 60)]})
        assert hours.add(datetime(2025, 12, 31, tzinfo=UTC), 60) == datetime(2026, 1, 1, 1, tzinfo=UTC)
        with pytest.raises(NeverOpens):
            hours.add(datetime(2025, 12, 31, tzinfo=UTC), 61)
        with pytest.raises(NeverOpens):
            hours.next_opening(datetime(2026, 1, 2, tzinfo=UTC))
        assert not hours.is_open(datetime(2026, 1, 2, tzinfo=UTC))
        assert hours.between(datetime(2026, 1, 2, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)) == timedelta(0)

    def test_a_span_is_part_of_one_day(self) -> None:
        for wrong in (Span(-1, 5), Span(5, 5), Span(9, 5), Span(0, 1441)):
            with pytest.raises(ValueError, match="no part of a day"):
                joined([wrong])
        with pytest.raises(ValueError, match="seven days"):
            calendar("UTC", [[]])

    def test_time_is_never_taken_off(self) -> None:
        with pytest.raises(ValueError, match="never taken off"):
            calendar("UTC", NINE_TO_SIX).add(datetime(2026, 1, 1, tzinfo=UTC), -1)
