"""What can go wrong with the feed of events."""

from __future__ import annotations

from core.errors import Unavailable


class EventsMissing(Unavailable):
    """The log has a hole, which only somebody with access to the database can have made."""

    code = "events_missing"
    title = "Events are missing in the log: ask your administrator to run `tripfile audit verify`"
