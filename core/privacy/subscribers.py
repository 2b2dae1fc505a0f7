"""What happens because somebody asked for their data, or for none of it."""

from __future__ import annotations

from core.privacy import erasures, exports, jobs
from core.privacy.events import ErasureRequested, ExportRequested


def export(event: ExportRequested) -> None:
    """Put everything about a person together."""
    exports.make(event.request_id)


def erase(event: ErasureRequested) -> None:
    """Erase everything about a person."""
    erasures.carry_out(event.request_id)
    # Requests that were running beside it may have written something since.
    later = jobs.erase_late.later(delay=erasures.AGAIN_AFTER)
    later.enqueue(kind=event.person, subject_id=event.person_id)
