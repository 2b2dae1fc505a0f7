"""Errors of background work."""

from __future__ import annotations

from core.errors import Conflict


class NotRepeatable(Conflict):
    """The job is done, due or running, or the same work waits already."""

    code = "job_not_repeatable"
    title = "This job is done, runs or is due already, or the same work waits"


class NotDead(Conflict):
    """Only what was given up can be discarded."""

    code = "job_not_dead"
    title = "This job was not given up"


class AlreadyEnded(Conflict):
    """It is too late to cancel it."""

    code = "job_already_ended"
    title = "This job has ended already"
