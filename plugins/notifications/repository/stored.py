"""Queries for notifications; everybody sees their own alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from core.sdk import (
    EQUALITY,
    OPTIONAL,
    RANGE,
    Filter,
    Instant,
    Listing,
    ListQuery,
    NotFound,
    Ownership,
    Page,
    Repository,
    Scope,
    current_user_id,
    db,
    read,
    streams,
    users,
)

from ..models import Notification
from ..schemas import IN_APP, NotificationView

_ME = bindparam("user_id", type_=Uuid())
_THEM = any_(bindparam("user_ids", type_=ARRAY(Uuid())))
ROW = select(*read.columns(NotificationView, Notification, actor_name=users.name_of(Notification.actor_id)))


class Digested(NamedTuple):
    """One notification that has come with a digest."""

    subject: str | None
    subject_id: UUID | None
    daily: list[str]


def scope_of(user_id: UUID) -> str:
    """The stream of a person's notifications."""
    return f"notifications:{user_id}"


class Notifications(Repository[Notification]):
    """One's own notifications, whatever one's permissions."""

    model = Notification
    permission = "notifications.read"
    ownership = Ownership(Notification.user_id, on_leaving="removed")
    listing = Listing(
        filters={
            "unread": Filter(Notification.unread, bool, "Whether it is still to be read."),
            "waiting": Filter(Notification.waiting, bool, "Whether it waits for the daily digest."),
            "kind": Filter(Notification.kind, str, "Kind of notice.", EQUALITY),
            "subject": Filter(Notification.subject, str, "What it is about, as `leads.lead`.", OPTIONAL),
            "subject_id": Filter(Notification.subject_id, UUID, "Id of what it is about.", OPTIONAL),
            "digest_id": Filter(Notification.digest_id, UUID, "The digest it came with.", OPTIONAL),
            "created_at": Filter(Notification.created_at, Instant, "When it was stored.", RANGE),
        },
        sorts={"seq": Notification.seq},
        default_sort="-seq",
    )

    def scope(self) -> Scope:
        """Nobody reads another's notifications."""
        return Scope.OWN

    def rows(self, query: ListQuery) -> Page[NotificationView]:
        """A page of one's own, the newest first."""
        return self.page(query, ROW, NotificationView)

    def shown(self, notification_id: UUID) -> NotificationView:
        """One of one's own. Raises NotFound."""
        return self.view(notification_id, ROW, NotificationView)

    def anybodys(self, notification_id: UUID) -> tuple[UUID, NotificationView]:
        """A notification and whose it is, for bringing it to them. Raises NotFound."""
        found = _ANYBODYS.first(notification_id=notification_id)
        if found is None:
            raise NotFound
        return found

    def digested(self, digest_id: UUID) -> list[NotificationView]:
        """What a digest tells of, oldest first."""
        return _DIGESTED.rows(digest_id=digest_id)

    def after(self, seq: int, *, limit: int) -> list[NotificationView]:
        """What came after a number, in order."""
        return _AFTER.rows(user_id=current_user_id(), seq=seq, row_limit=limit)

    def unread(self) -> int:
        """How many are to be read."""
        return _UNREAD.first(user_id=current_user_id()) or 0

    def waiting(self) -> int:
        """How many wait for the digest."""
        return _WAITING.first(user_id=current_user_id()) or 0

    def append(self, notification: Notification) -> None:
        """Store it as the next of its person's stream."""
        streams.append(notification, scope=scope_of(notification.user_id))

    def mark_read(self, upto: int, *, at: datetime) -> bool:
        """Mark as read what the product has shown up to a number; whether there was any."""
        shown = or_(Notification.told_at.is_not(None), Notification.daily.contains([IN_APP]))
        statement = (
            update(Notification)
            .where(Notification.user_id == current_user_id(), Notification.seq <= upto)
            .where(Notification.read_at.is_(None), shown)
            .values(read_at=at)
            .returning(Notification.id)
        )
        return bool(db.session.scalars(statement).all())

    def told(self, kind: str, cause_id: UUID, user_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Who has been told already."""
        return frozenset(_TOLD.rows(kind=kind, cause_id=cause_id, user_ids=list(user_ids)))

    def waiting_people(self) -> list[UUID]:
        """For whom something waits for the digest."""
        return _WAITING_PEOPLE.rows()

    def digest(self, user_id: UUID, *, before: datetime, digest_id: UUID, at: datetime) -> list[Digested]:
        """Let what has waited since before a moment come with a digest."""
        told = case((Notification.daily.contains([IN_APP]), at), else_=Notification.told_at)
        statement = (
            update(Notification)
            .where(Notification.user_id == user_id, Notification.waiting.is_(True), Notification.created_at < before)
            .values(digest_id=digest_id, told_at=told)
            .returning(Notification.subject, Notification.subject_id, Notification.daily)
        )
        return [Digested(*row) for row in db.session.execute(statement)]

    def remove_old(self, *, before: datetime, but: Sequence[UUID], most: int) -> int:
        """Remove what was read, or went to other channels alone, before a moment; the numbers of the others stay.

        So does what the people in `but` were told.
        """
        old = select(Notification.id).where(_is_old(before), Notification.user_id.not_in(but)).limit(most)
        gone = delete(Notification).where(Notification.id.in_(old)).returning(Notification.id)
        return len(db.session.scalars(gone, execution_options={"synchronize_session": False}).all())

    def count_old(self, *, before: datetime, but: Sequence[UUID]) -> int:
        """How many those are."""
        old = (_is_old(before), Notification.user_id.not_in(but))
        return db.session.scalar(select(func.count()).select_from(Notification).where(*old)) or 0


def _is_old(before: datetime) -> ColumnElement[bool]:
    # Nobody marks as read what the product never showed as new.
    elsewhere = (Notification.unread.is_(False), Notification.waiting.is_(False), Notification.read_at.is_(None))
    return or_(Notification.read_at < before, and_(*elsewhere, Notification.created_at < before))


_ANYBODYS = read.Query(
    ROW.add_columns(Notification.user_id).where(Notification.id == bindparam("notification_id", type_=Uuid())),
    lambda *row: (row[-1], NotificationView(*row[:-1])),
)
_DIGESTED = read.Query(
    ROW.where(Notification.digest_id == bindparam("digest_id", type_=Uuid())).order_by(Notification.seq),
    NotificationView,
)
_AFTER = read.Query(
    ROW.where(Notification.user_id == _ME, Notification.seq > bindparam("seq", type_=BigInteger()))
    .order_by(Notification.seq)
    .limit(bindparam("row_limit")),
    NotificationView,
)
_UNREAD = read.Query(
    select(func.count()).select_from(Notification).where(Notification.user_id == _ME, Notification.unread.is_(True)),
    int,
)
_WAITING = read.Query(
    select(func.count()).select_from(Notification).where(Notification.user_id == _ME, Notification.waiting.is_(True)),
    int,
)
_TOLD = read.Query(
    select(Notification.user_id).where(
        Notification.cause_id == bindparam("cause_id", type_=Uuid()),
        Notification.kind == bindparam("kind", type_=Text()),
        Notification.user_id == _THEM,
    ),
    lambda user_id: user_id,
)
_WAITING_PEOPLE = read.Query(
    select(Notification.user_id).where(Notification.waiting.is_(True)).distinct(), lambda user_id: user_id
)
notifications = Notifications()
