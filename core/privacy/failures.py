"""Exports and erasures that were not carried out: noted where they were asked for, and told to whoever watches."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog

from core import clock
from core.events.log import publish
from core.privacy.errors import Incomplete
from core.privacy.events import RequestFailed
from core.privacy.repository import OVERDUE, requests

log = structlog.get_logger()
PATIENCE = timedelta(days=1)
"""After which a request that nobody has carried out is too old."""


class Overdue(RuntimeError):
    """Exports or erasures wait for longer than a day."""


def note(error: BaseException | None, request_id: UUID) -> None:
    """Say of a request that it was tried for the last time, and what was left."""
    wanted = requests.locked(request_id)
    if wanted.state != "queued":
        return
    # Not what the error says: that may quote somebody.
    cause = type(error).__name__ if error is not None else "silence"
    left = error.left if isinstance(error, Incomplete) else []
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
