"""Rules that say how long something is kept: declared by whoever keeps it, set by each agency, applied every night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """A rule. Plugins list theirs in `Plugin.retention`."""

    name: str
    """`leads.lost`: prefixed with the plugin's name."""
    summary: str
    """What goes, in a sentence an administrator understands."""
    apply: Callable[[datetime, int], int]
    """Removes or anonymises at most so many of what is older than an instant, in the running unit of work; how many.

    What is about people on hold (`privacy.on_hold`) stays.
    """
    count: Callable[[datetime], int]
    """How many it would be."""
    days: Callable[[], int | None]
    """After how many days, where an agency has chosen nothing; None keeps it for ever."""
    least: int = 1
    most: int = 3650

    def problem(self) -> str | None:
        """What is wrong with the declaration, or None."""
        if not self.summary.strip():
            return "has no summary; say what goes"
        return None if 1 <= self.least <= self.most else "must keep a day at least, and `most` no less than `least`"
