"""What looks after sign-in in the background."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from core import clock
from core.auth.models import Revocation
from core.db.session import apart
from core.jobs.job import job

KEEP = timedelta(hours=1)
"""Much longer than any process goes without looking; one that did notices the gap and checks everything anew."""


@job(platform=True, schedule="17 * * * *")
def forget_revocations() -> None:
    """Remove the revocations that every process has read long ago."""
    with apart() as session:
        session.execute(delete(Revocation).where(Revocation.created_at < clock.now() - KEEP))
