"""What contacts do by the clock."""

from __future__ import annotations

from core.sdk import Retention, merging

from .service import merging as merges

MERGES = Retention(
    name="contacts.merges",
    summary="What it takes to undo merges of contacts, and what the one that stayed did not take over",
    apply=merges.forget_old,
    count=merges.count_old,
    days=lambda: merging.UNDO_WITHIN.days,
    most=merging.UNDO_WITHIN.days,
)
