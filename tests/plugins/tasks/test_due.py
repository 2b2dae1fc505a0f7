"""Instants of days and times by the clocks of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.tasks.service import due

ZONES = ["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Asia/Kolkata"]
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
times = st.times().map(lambda at: at.strftime("%H:%M"))


class TestInstant:
    @given(days, times, st.sampled_from(ZONES))
    def test_shows_the_printed_time_wherever_that_exists(self, day: date, at: str, zone: str) -> None:
        shown = due.instant(day, at, zone).astimezone(ZoneInfo(zone))
        printed = datetime.combine(day, time.fromisoformat(at))
        if shown.replace(tzinfo=None) != printed:
            # It was skipped: no instant has it, and what is shown is later by as much as the clocks were set on.
            before, after = (
                datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(hours=each) for each in (-12, 36)
            )
            offsets = [each.utcoffset() for each in (before, after)]
            assert offsets[0] is not None
            assert offsets[1] is not None
            assert shown.replace(tzinfo=None) - printed == offsets[1] - offsets[0]

    @given(days, st.sampled_from(ZONES))
    def test_a_day_ends_after_every_time_on_it(self, day: date, zone: str) -> None:
        end = due.instant(day, None, zone)
        assert end > due.instant(day, "22:59", zone)
        assert (end.astimezone(ZoneInfo(zone))).date() == day + timedelta(days=1)

    @pytest.mark.parametrize(
        ("day", "at", "instant"),
        [
            (date(2026, 3, 29), "01:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
            (date(2026, 10, 25), "01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
            (date(2026, 7, 1), "14:30", datetime(2026, 7, 1, 13, 30, tzinfo=UTC)),
            (date(2026, 7, 1), None, datetime(2026, 7, 1, 23, tzinfo=UTC)),
        ],
    )
    def test_clocks_that_change_count_as_before_the_change(self, day: date, at: str | None, instant: datetime) -> None:
        assert due.instant(day, at, "Europe/Lisbon") == instant
