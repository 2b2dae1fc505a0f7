"""Queries for notifications, preferences and mutes; everybody sees their own alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, any_, bindparam, case, delete, func, or_, select, update

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

from .models import Mute, Notification, Preference, PushAddress
from .schemas import IN_APP, Choice, MuteView, NotificationView, PushView

_ME = bindparam("user_id", type_=Uuid())
_THEM = any_(bindparam("user_ids", type_=ARRAY(Uuid())))
_BIGGEST = 2**63 - 1
ROW = select(*read.columns(NotificationView, Notification, actor_name=users.name_of(Notification.actor_id)))
MUTE = select(*read.columns(MuteView, Mute))


class Digested(NamedTuple):
    """One notification that has come with a digest."""

    subject: str | None
    subject_id: UUID | None
    daily: list[str]


class Target(NamedTuple):
    """A push address, for sending."""

    id: UUID
    url: str
    secret: str
    failing_since: datetime | None


def scope_of(user_id: UUID) -> str:
    """The stream of a person's notifications."""
    return f"notifications:{user_id}"


def alone(key: UUID) -> None:
    """Let nobody else do the same until this unit of work ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(key.int & _BIGGEST)))


class Notifications(Repository[Notification]):
    """One's own notifications, whatever one's permissions."""

    model = Notification
    permission = "notifications.read"
    ownership = Ownership(Notification.user_id)
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

    def remove_read(self, *, before: datetime) -> None:
        """Remove what was read before a moment; the numbers of the others stay."""
        db.session.execute(delete(Notification).where(Notification.read_at < before))


class Mutes(Repository[Mute]):
    """What oneself has muted."""

    model = Mute
    permission = "notifications.read"
    ownership = Ownership(Mute.user_id)
    listing = Listing(
        filters={
            "subject": Filter(Mute.subject, str, "What it is, as `leads.lead`."),
            "subject_id": Filter(Mute.subject_id, UUID, "Its id."),
        },
        sorts={"created_at": Mute.created_at},
    )

    def scope(self) -> Scope:
        """Nobody reads another's mutes."""
        return Scope.OWN

    def rows(self, query: ListQuery) -> Page[MuteView]:
        """A page of them."""
        return self.page(query, MUTE, MuteView)

    def written(self, mute_id: UUID) -> MuteView:
        """One the caller has just made."""
        return self.view_after_change(mute_id, MUTE, MuteView)

    def of(self, subject_id: UUID) -> Mute | None:
        """The caller's own mute of something, if there is one."""
        return db.session.scalar(select(Mute).where(Mute.user_id == current_user_id(), Mute.subject_id == subject_id))

    def muted_by(self, subject_id: UUID, user_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Who among these has muted something."""
        return frozenset(_MUTED_BY.rows(subject_id=subject_id, user_ids=list(user_ids)))


class Preferences(Repository[Preference]):
    """What people have chosen."""

    model = Preference
    permission = "notifications.read"

    def mine(self) -> dict[tuple[str, str], Choice]:
        """The caller's choices, by kind and channel."""
        return dict(_MINE.rows(user_id=current_user_id()))

    def rows_of(self, user_id: UUID) -> dict[tuple[str, str], Preference]:
        """A person's choices, for changing them."""
        found = db.session.scalars(select(Preference).where(Preference.user_id == user_id))
        return {(each.kind, each.channel): each for each in found}

    def of(self, kind: str, user_ids: Iterable[UUID]) -> dict[UUID, dict[str, Choice]]:
        """What each of these people has chosen for a kind, by channel."""
        found: dict[UUID, dict[str, Choice]] = {}
        for user_id, channel, choice in _CHOICES.rows(kind=kind, user_ids=list(user_ids)):
            found.setdefault(user_id, {})[channel] = choice
        return found


class PushAddresses(Repository[PushAddress]):
    """Where people have notifications pushed to."""

    model = PushAddress
    permission = "notifications.read"

    def of(self, user_id: UUID) -> PushAddress | None:
        """A person's address, for changing it."""
        return db.session.scalar(select(PushAddress).where(PushAddress.user_id == user_id))

    def target(self, user_id: UUID) -> Target | None:
        """A person's address, for sending to it."""
        return _TARGET.first(user_id=user_id)

    def mine(self) -> PushView:
        """The caller's address. Raises NotFound."""
        return self._found(_PUSH.first(user_id=current_user_id()))


_TARGET = read.Query(
    select(PushAddress.id, PushAddress.url, PushAddress.secret, PushAddress.failing_since).where(
        PushAddress.user_id == _ME
    ),
    Target,
)
_PUSH = read.Query(select(*read.columns(PushView, PushAddress)).where(PushAddress.user_id == _ME), PushView)
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
_MUTED_BY = read.Query(
    select(Mute.user_id).where(Mute.subject_id == bindparam("subject_id", type_=Uuid()), Mute.user_id == _THEM),
    lambda user_id: user_id,
)
_MINE = read.Query(
    select(Preference.kind, Preference.channel, Preference.choice).where(Preference.user_id == _ME),
    lambda kind, channel, choice: ((kind, channel), choice),
)
_CHOICES = read.Query(
    select(Preference.user_id, Preference.channel, Preference.choice).where(
        Preference.kind == bindparam("kind", type_=Text()), Preference.user_id == _THEM
    ),
    lambda user_id, channel, choice: (user_id, channel, choice),
)
notifications = Notifications()
mutes = Mutes()
preferences = Preferences()
push_addresses = PushAddresses()
