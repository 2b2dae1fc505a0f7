"""Queries for how people want to be told: what they chose, what they muted, where it is pushed to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, func, select

from core.sdk import Filter, Listing, ListQuery, Ownership, Page, Repository, Scope, current_user_id, db, read

from ..models import Mute, Preference, PushAddress
from ..schemas import Choice, MuteView, PushView

_ME = bindparam("user_id", type_=Uuid())
_THEM = any_(bindparam("user_ids", type_=ARRAY(Uuid())))
_BIGGEST = 2**63 - 1
MUTE = select(*read.columns(MuteView, Mute))


class Target(NamedTuple):
    """A push address, for sending."""

    id: UUID
    url: str
    secret: str
    failing_since: datetime | None


def alone(key: UUID) -> None:
    """Let nobody else do the same until this unit of work ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(key.int & _BIGGEST)))


class Mutes(Repository[Mute]):
    """What oneself has muted."""

    model = Mute
    permission = "notifications.read"
    ownership = Ownership(Mute.user_id, on_leaving="removed")
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

    def number(self) -> int:
        """How many the caller has."""
        counted = select(func.count()).select_from(Mute).where(Mute.user_id == current_user_id())
        return db.session.scalar(counted) or 0

    def muted_by(self, subject_id: UUID, user_ids: Iterable[UUID]) -> frozenset[UUID]:
        """Who among these has muted something."""
        return frozenset(_MUTED_BY.rows(subject_id=subject_id, user_ids=list(user_ids)))


class Preferences(Repository[Preference]):
    """What people have chosen."""

    model = Preference
    permission = "notifications.read"
    ownership = Ownership(Preference.user_id, on_leaving="removed")

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
    ownership = Ownership(PushAddress.user_id, on_leaving="removed")

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
mutes = Mutes()
preferences = Preferences()
push_addresses = PushAddresses()
