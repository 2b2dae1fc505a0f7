"""Exports and erasures that were not carried out: noted where they were asked for, and told to whoever watches."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events.log import publish
from core.privacy.errors import Incomplete
from core.privacy.events import RequestFailed
from core.privacy.repository import ORPHANS, OVERDUE, requests

log = structlog.get_logger()
PATIENCE = timedelta(days=1)
"""After which a request that nobody has carried out is too old."""
JOB_GONE = "job_gone"
"""The cause where no job carries a request out any more: it was cancelled, or given up without a word."""


class Overdue(RuntimeError):
    """Exports or erasures wait for longer than a day."""


def note(error: BaseException | None, request_id: UUID) -> None:
    """Say of a request that it was tried for the last time, and what was left."""
    # Not what the error says: that may quote somebody.
    cause = type(error).__name__ if error is not None else "silence"
    _end(request_id, cause=cause, left=error.left if isinstance(error, Incomplete) else [])


def end_orphans() -> None:
    """Say of every request whose job is gone that nobody carries it out: somebody may have cancelled that."""
    for agency_id, request_id in ORPHANS.rows():
        # Each by itself, in its own agency.
        with unit_of_work(), acting_as(system(agency_id)):
            _end(request_id, cause=JOB_GONE, left=[])


def _end(request_id: UUID, *, cause: str, left: list[str]) -> None:
    wanted = requests.locked(request_id)
    if wanted.state != "queued":
        return
    wanted.state, wanted.finished_at = "failed", clock.now()
    wanted.manifest = {"failed": cause, "left": left}
    requests.save()
    publish(RequestFailed(request_id=wanted.id, kind=wanted.kind, cause=cause))
    log.error("privacy.request_failed", request=str(wanted.id), kind=wanted.kind, cause=cause, left=left)


def check() -> None:
    """Raise Overdue where a request of any agency has waited for too long."""
    [count] = OVERDUE.rows(before=clock.now() - PATIENCE)
    if count:
        raise Overdue(f"{count} exports or erasures have waited for more than a day")
