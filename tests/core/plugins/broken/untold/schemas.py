"""A live side that the README does not tell of."""

from __future__ import annotations

from core.sdk import View


class Read(View):
    """Something was read."""

    number: int
