"""What can go wrong with calendars."""

from __future__ import annotations

from core.errors import Conflict


class CalendarExists(Conflict):
    """The agency or the team has one already."""

    code = "calendar_exists"
    title = "There is a calendar already; change that one"
