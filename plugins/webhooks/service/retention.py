"""How long the log of messages is kept."""

from __future__ import annotations

from datetime import timedelta

from core.sdk import clock, settings_of

from ..repository import deliveries, endpoints
from ..settings import WebhookSettings

_CHUNK = 2_000
_ROUNDS = 50
"""What is left over is for the next night."""


def prune() -> None:
    """Remove what was finished long ago, and what is left of deleted endpoints."""
    before = clock.now() - timedelta(days=settings_of(WebhookSettings).keep_days)
    for _ in range(_ROUNDS):
        if deliveries.sweep(before, most=_CHUNK) < _CHUNK:
            break
    endpoints.sweep()
