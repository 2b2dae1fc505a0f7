"""What happens to bytes after the request is over."""

from __future__ import annotations

from uuid import UUID

import structlog

from core.db.tenancy import current_agency_id
from core.jobs.job import job
from core.storage.port import key_of
from core.storage.wiring import storage

log = structlog.get_logger()


@job()
def remove_bytes(file_id: UUID) -> None:
    """Remove the bytes of a file that was forgotten."""
    storage().delete(key_of(current_agency_id(), file_id))


@job(schedule="23 3 * * *")
def sweep() -> None:
    """Remove what failed requests left in the storage."""
    from core.files import service  # enqueues the job above

    removed = service.sweep()
    if removed:
        log.info("files.swept", removed=removed)
