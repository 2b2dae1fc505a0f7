"""Reading: one's own notifications, how many are left, and telling the other tabs."""

from __future__ import annotations

from uuid import UUID

import msgspec

from core.sdk import ListQuery, Page, TopicPage, clock, current_agency_id, current_user_id, emit, rooms, streams

from ..repository.stored import notifications, scope_of
from ..schemas import Delivery, NotificationView, ReadReceipt, UnreadView
from . import kinds

MOST = 200
"""Items of one pull."""


def rows(query: ListQuery) -> Page[NotificationView]:
    """A page of one's own."""
    page, read = notifications.rows(query), kinds.reader()
    return msgspec.structs.replace(page, items=[read(each) for each in page.items])


def view(notification_id: UUID) -> NotificationView:
    """One of one's own. Raises NotFound."""
    return kinds.reader()(notifications.shown(notification_id))


def unread() -> UnreadView:
    """How much there is to read."""
    # The number first: what is stored in between is then counted, and pulled once more.
    seq = streams.head(scope_of(current_user_id()))
    return UnreadView(notifications.unread(), notifications.waiting(), seq)


def read(notification_id: UUID) -> NotificationView:
    """Mark one as read. Raises NotFound."""
    notification = notifications.get(notification_id)
    if notification.read_at is None:
        notification.read_at = clock.now()
        notifications.save()
        _tell_other_tabs(notification_id=notification_id)
    return view(notification_id)


def read_upto(upto: int) -> UnreadView:
    """Mark as read everything up to a number."""
    if notifications.mark_read(upto, at=clock.now()):
        _tell_other_tabs(upto=upto)
    return unread()


def acknowledge(upto: int) -> None:
    """The same for a client of the topic."""
    read_upto(upto)


def pull(after: int, limit: int) -> TopicPage:
    """What came after a number, in order."""
    wanted = min(limit, MOST)
    # Before the rows: nothing up to this number can appear later, whatever has been removed meanwhile.
    head = streams.head(scope_of(current_user_id()))
    found, more = _split(notifications.after(after, limit=wanted + 1), wanted)
    last = found[-1].seq if found else after
    return TopicPage(items=found, upto=last if more else max(head, last), more=more)


def delivery(notification_id: UUID) -> Delivery:
    """A notification on its way to its person, for a channel's job. Raises NotFound where it has been removed."""
    user_id, notification = notifications.anybodys(notification_id)
    shown = kinds.reader()
    return Delivery(user_id, shown(notification), [shown(each) for each in notifications.digested(notification_id)])


def _split(found: list[NotificationView], wanted: int) -> tuple[list[NotificationView], bool]:
    shown = kinds.reader()
    return [shown(each) for each in found[:wanted]], len(found) > wanted


def _tell_other_tabs(*, upto: int | None = None, notification_id: UUID | None = None) -> None:
    user_id = current_user_id()
    receipt = ReadReceipt(upto, notification_id, notifications.unread())
    emit("notifications.read", receipt, room=rooms.user(current_agency_id(), user_id))
