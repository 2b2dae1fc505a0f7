"""What happens because somebody asked for their data, or for none of it."""

from __future__ import annotations

from core.privacy import erasures, jobs
from core.privacy.events import ErasureRequested, ExportRequested


def export(event: ExportRequested) -> None:
    """Have everything about a person put together."""
    jobs.make_export.later(unique=str(event.request_id)).enqueue(request_id=event.request_id)


def erase(event: ErasureRequested) -> None:
    """Have everything about a person erased."""
    jobs.carry_out_erasure.later(unique=str(event.request_id)).enqueue(request_id=event.request_id)
    # Requests that were running beside it may have written something since.
    later = jobs.erase_late.later(delay=erasures.AGAIN_AFTER)
    later.enqueue(kind=event.person, subject_id=event.person_id)
