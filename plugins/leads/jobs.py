"""What leads do by the clock."""

from __future__ import annotations

from core.sdk import Retention

from .service import erasure

LOST = Retention(
    name="leads.lost",
    summary="What lost leads say about people; trip, dates and reason stay",
    apply=erasure.forget_lost,
    count=erasure.count_lost,
    days=lambda: None,
    least=30,
)
