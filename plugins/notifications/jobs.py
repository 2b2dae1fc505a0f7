"""Background work of notifications."""

from __future__ import annotations

from uuid import UUID

from core.sdk import Retention, job

from .service import digests, push, retention, telling


@job(queue="events")
def tell(event_id: UUID, notice: str) -> None:
    """Tell people of one event, by one kind of notice."""
    telling.tell(event_id, notice)


@job(schedule="0 * * * *")
def send_digests() -> None:
    """Give their daily digest to those whose hour has come."""
    digests.send_due()


@job(queue="push")
def push_notification(notification_id: UUID) -> None:
    """Push a notification to its person's own address."""
    _push(notification_id, attempt=0)


@job(queue="push")
def push_again(notification_id: UUID, attempt: int) -> None:
    """Push a notification that did not get through before."""
    _push(notification_id, attempt=attempt)


READ = Retention(
    name="notifications.read",
    summary="Notifications that were read, or came on other channels alone",
    apply=retention.remove,
    count=retention.count,
    days=retention.days,
)


def _push(notification_id: UUID, *, attempt: int) -> None:
    # A row of its own for each attempt: an address that is out of order is its owner's business, not a dead letter.
    wait = push.send(notification_id, attempt=attempt)
    if wait is not None:
        push_again.later(delay=wait).enqueue(notification_id, attempt + 1)
