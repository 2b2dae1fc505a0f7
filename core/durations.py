"""Durations as administrators write them: `600`, `10m`, `24h`, `14d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PATTERN = re.compile(r"(\d{1,9})\s*([smhdw]?)")


def parse_duration(value: Any) -> Any:
    """Turn `10m` or `600` (seconds) into a timedelta; other types pass through. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.fullmatch(str(value).strip().lower())
    if not match:
        raise ValueError("write a duration as seconds (600) or with a unit: 30s, 10m, 24h, 14d")
    return timedelta(**{_UNITS[match[2] or "s"]: int(match[1])})
