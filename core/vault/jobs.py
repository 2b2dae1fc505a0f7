"""What the vault does by the clock."""

from __future__ import annotations

from core.db.tenancy import current_agency_id
from core.jobs.job import job
from core.vault import rewrapping


@job(schedule="50 2 * * *")
def rewrap() -> None:
    """Wrap and seal anew what an older key of the ring still protects."""
    rewrapping.here(current_agency_id())
