"""Quotas on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from core.fields import Instant
from core.http.structs import View


class QuotaView(View):
    """A daily quota of the agency and what was used of it."""

    name: Annotated[str, Meta(examples=["api_keys.made"])]
    summary: str
    per_day: Annotated[int, Meta(description="What may be done in a day (UTC).")]
    used: Annotated[int, Meta(description="What was done today.")]
    renews_at: Instant
