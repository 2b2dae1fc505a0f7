"""What goes by the clock of what came in."""

from __future__ import annotations

from core.sdk import Retention

from .service import erasure

SUBMISSIONS = Retention(
    name="capture.submissions",
    summary="What came in by forms and hooks, as it came; the leads that were made of it stay",
    apply=erasure.prune,
    count=erasure.count,
    days=erasure.days,
)
SPAM = Retention(
    name="capture.spam",
    summary="What came in by forms and hooks and looked like spam",
    apply=erasure.prune_spam,
    count=erasure.count_spam,
    days=erasure.spam_days,
)
