"""The end of impersonations is noted even where nobody ends them."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.events.log import publish
from core.impersonation.events import ImpersonationEnded
from core.impersonation.models import Impersonation
from core.impersonation.repository import impersonations
from core.jobs.job import job


@job()
def note_end(impersonation_id: UUID) -> None:
    """Note that an impersonation has run out, unless somebody ended it."""
    close(impersonations.find(impersonation_id), how="expired")


def close(running: Impersonation | None, *, how: str) -> None:
    """Note how an impersonation ended; one that has ended already, ended as it did."""
    if running is None or running.ended_at is not None:
        return
    running.ended_at = clock.now()
    impersonations.save()
    publish(
        ImpersonationEnded(
            impersonation_id=running.id, impersonator_id=running.impersonator_id, user_id=running.user_id, how=how
        )
    )
