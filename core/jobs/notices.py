"""What people are told about the background work they started."""

from __future__ import annotations

from core.jobs.events import JobFailed, JobFinished
from core.notices import Notice

FAILED = Notice(
    name="jobs.failed",
    summary="Work I started in the background was given up",
    event=JobFailed,
    recipients=lambda failed: [failed.user_id],
    title="{job} failed and was given up",
    words=lambda failed: {"job": failed.job},
    digest=False,
)
FINISHED = Notice(
    name="jobs.finished",
    summary="Work I started in the background is done",
    event=JobFinished,
    recipients=lambda finished: [finished.user_id],
    title="{job} is done",
    words=lambda finished: {"job": finished.job},
    digest=False,
)
ALL = (FAILED, FINISHED)
