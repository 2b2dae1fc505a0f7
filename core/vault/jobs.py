"""What the vault does by the clock."""

from __future__ import annotations

from core.db.tenancy import current_agency_id
from core.jobs.job import job
from core.vault import rewrapping


@job(schedule="50 2 * * *")
def rewrap() -> None:
    """Wrap and seal anew what an older key of the ring still protects, so many rows a time."""
    if rewrapping.here(current_agency_id()) >= rewrapping.MOST:
        rewrap.later(unique="more").enqueue()


@job(platform=True, schedule="40 2 * * *")
def rewrap_above() -> None:
    """The same of what belongs to no agency: people's second factors, letters that wait."""
    for _ in rewrapping.above():
        pass
