"""Background work of notifications."""

from __future__ import annotations

from uuid import UUID

from core.sdk import job

from .service import digests, retention, telling


@job(queue="events")
def tell(event_id: UUID, notice: str) -> None:
    """Tell people of one event, by one kind of notice."""
    telling.tell(event_id, notice)


@job(schedule="0 * * * *")
def send_digests() -> None:
    """Give their daily digest to those whose hour has come."""
    digests.send_due()


@job(schedule="40 3 * * *")
def remove_old() -> None:
    """Remove what was read long ago."""
    retention.remove_old()
