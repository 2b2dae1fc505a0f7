"""How many attempts at one endpoint this process makes at a time, so that a slow one leaves room for the rest."""

from __future__ import annotations

import random
import threading
from collections import Counter, OrderedDict
from datetime import timedelta
from uuid import UUID

AT_ONCE = 2
"""Attempts at an endpoint that is slow, or of which nothing is known yet."""
QUICK = 1.0
"""Seconds within which an endpoint answers of which there may be any number."""
_REMEMBERED = 10_000


class Pace:
    """What this process knows of endpoints: how long the last attempt took, and how many there are now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Counter[UUID] = Counter()
        self._took: OrderedDict[UUID, float] = OrderedDict()

    def begin(self, endpoint_id: UUID) -> timedelta | None:
        """Count an attempt, which `end` ends; or how long to wait where there are enough."""
        with self._lock:
            took = self._took.get(endpoint_id)
            if self._now[endpoint_id] < AT_ONCE or (took is not None and took < QUICK):
                self._now[endpoint_id] += 1
                return None
        # Long enough that a line of thousands is not asked all the time whether it may.
        least, most = (0.2, 1.0) if took is None else (10.0, 30.0)
        return timedelta(seconds=random.uniform(least, most))  # noqa: S311 - jitter, not a secret

    def end(self, endpoint_id: UUID, *, seconds: float) -> None:
        """An attempt has ended after so many seconds."""
        with self._lock:
            self._now[endpoint_id] -= 1
            if not self._now[endpoint_id]:
                del self._now[endpoint_id]
            self._took[endpoint_id] = seconds
            self._took.move_to_end(endpoint_id)
            while len(self._took) > _REMEMBERED:
                self._took.popitem(last=False)


pace = Pace()
