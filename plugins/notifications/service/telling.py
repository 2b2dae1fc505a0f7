"""Telling people: whom, on which channels, and exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from core.sdk import Discard, NotFound, Notice, acting_user_id, clock, history, ids, is_on, users

from ..hookspecs import Channel
from ..models import Notification
from ..repository.choices import alone, mutes, preferences
from ..repository.stored import notifications
from ..schemas import IN_APP, Choice
from . import channels, kinds


class UnknownKind(LookupError):
    """Somebody is to be told of a kind that no loaded plugin declares in `Plugin.notices`: a defect."""


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What people are told."""

    notice: Notice
    words: Mapping[str, str]
    actor_id: UUID | None = None
    subject: str | None = None
    subject_id: UUID | None = None
    cause_id: UUID | None = None
    event_seq: int | None = None


def tell(event_id: UUID, kind: str) -> None:
    """Tell whom an event concerns, except who caused it. Raises Discard for what nobody can be told any more."""
    notice = kinds.offered().get(kind)
    if notice is None:
        raise Discard(f"No plugin that is on declares the notice {kind}")
    try:
        recorded = history.event(event_id)
    except NotFound:
        raise Discard("The event is not in the log") from None
    event = recorded.event()
    people = set(notice.recipients(event)) - {recorded.actor_id}
    matter = Matter(
        notice=notice,
        words=notice.words(event) if people else {},
        actor_id=recorded.actor_id,
        subject=recorded.subject,
        subject_id=recorded.subject_id,
        cause_id=recorded.id,
        event_seq=recorded.seq,
    )
    spread(matter, people)


def notify(
    kind: str,
    user_ids: Iterable[UUID],
    *,
    words: Mapping[str, str],
    subject: str | None = None,
    subject_id: UUID | None = None,
    once: UUID | None = None,
) -> None:
    """Tell people of something that is no event, in the running unit of work. Raises UnknownKind.

    They are told as they prefer, and not at all where they have muted the subject. `once`: whoever has been told of
    this kind with the same id is left out.
    """
    notice = kinds.declared().get(kind)
    if notice is None:
        raise UnknownKind(f"{kind} is not declared in the `notices` of {kinds.owner_of(kind)}")
    if not is_on("notifications"):
        return
    matter = Matter(
        notice=notice, words=words, actor_id=acting_user_id(), subject=subject, subject_id=subject_id, cause_id=once
    )
    spread(matter, set(user_ids))


def spread(matter: Matter, people: set[UUID]) -> None:
    """Store it for each of these people who may and wants to know, and hand it to the channels they chose."""
    reached = _reached(matter, people)
    if not reached:
        return
    delivered = channels.delivering()
    standard = channels.defaults(delivered)
    chosen = preferences.of(matter.notice.name, reached)
    for user_id in sorted(reached):
        choices = {name: chosen.get(user_id, {}).get(name, choice) for name, choice in standard.items()}
        if not matter.notice.digest:
            choices = {name: "now" if choice == "daily" else choice for name, choice in choices.items()}
        if set(choices.values()) != {"off"}:
            store(matter, user_id, choices, delivered)


def store(
    matter: Matter,
    user_id: UUID,
    choices: Mapping[str, Choice],
    delivered: Mapping[str, Channel],
    *,
    notification_id: UUID | None = None,
) -> None:
    """Store it for one person and let it be delivered where that is to happen now."""
    now = clock.now()
    notification = Notification(
        id=notification_id or ids.new(),
        user_id=user_id,
        kind=matter.notice.name,
        title=matter.notice.title,
        words=dict(matter.words),
        actor_id=matter.actor_id,
        subject=matter.subject,
        subject_id=matter.subject_id,
        cause_id=matter.cause_id,
        event_seq=matter.event_seq,
        daily=[name for name, choice in choices.items() if choice == "daily"],
        created_at=now,
        told_at=now if choices[IN_APP] == "now" else None,
    )
    notifications.append(notification)
    for name, channel in delivered.items():
        if choices.get(name) == "now":
            channel.deliver.enqueue(notification.id)


def _reached(matter: Matter, people: set[UUID]) -> set[UUID]:
    """Who of these is an active member, has not muted it, and has not been told."""
    reached = set(users.zones(people)) if people else set()
    if reached and matter.subject_id is not None:
        reached -= mutes.muted_by(matter.subject_id, reached)
    if reached and matter.cause_id is not None:
        # Two who tell the same at once would otherwise both find nobody told, and one of them lose all its work.
        alone(matter.cause_id)
        reached -= notifications.told(matter.notice.name, matter.cause_id, reached)
    return reached
