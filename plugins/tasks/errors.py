"""What can go wrong with tasks."""

from __future__ import annotations

from core.sdk import Conflict


class NotOpen(Conflict):
    """It was done or cancelled; reopen it first."""

    code = "task_not_open"
    title = "The task is done or cancelled"


class DoesNotRepeat(Conflict):
    """There is no next one to go on to."""

    code = "task_does_not_repeat"
    title = "The task does not repeat"
