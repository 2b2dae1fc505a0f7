"""What other modules may ask about working time."""

from __future__ import annotations

from core.calendars.hours import NeverOpens, Span, WorkingCalendar, calendar
from core.calendars.repository import absences
from core.calendars.working import Calendars, of_team

__all__ = ["Calendars", "NeverOpens", "Span", "WorkingCalendar", "away", "calendar", "of_team"]

away = absences.away
