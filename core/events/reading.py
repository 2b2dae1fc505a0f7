"""Reading the agency's log in order, as somebody who may see a part of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from core import streams
from core.disclosure import actor_sees, disclosed, guarded_fields
from core.events import following, visibility, words
from core.events.errors import EventsMissing
from core.events.event import UnknownEvent, declared_as, revive
from core.events.follower import Recorded
from core.events.log import SCOPE
from core.events.schemas import EventActor, EventFeed, FeedItem
from core.realtime.spec import TopicPage

log = structlog.get_logger()
_AT_ONCE = 250
_MOST_LOOKED_AT = 1_000
"""How many events one call looks at while it finds none that may be seen."""


def pull(after: int, limit: int) -> EventFeed:
    """What the acting user may see of what came after a number, at most so much. Raises EventsMissing."""
    items: list[Recorded] = []
    upto = after
    while upto - after < _MOST_LOOKED_AT:
        entries = _entries(upto)
        if not entries:
            head = streams.head(SCOPE)
            if head <= upto:
                # A number beyond the head is of a log that has begun anew, as a database does that was restored.
                return _feed(items, head, more=False)
            # Written between the two questions, or gone.
            entries = _entries(upto, head=head)
        items += visibility.visible(entries)
        if len(items) > limit:
            return _feed(items[:limit], items[limit - 1].seq, more=True)
        upto = entries[-1].seq
        if len(entries) < _AT_ONCE:
            return _feed(items, upto, more=False)
    return _feed(items, upto, more=streams.head(SCOPE) > upto)


def _entries(after: int, *, head: int = 0) -> list[Recorded]:
    try:
        return following.after(after, limit=_AT_ONCE, head=head)
    except following.Gap as gap:
        # Whoever went on past it would believe that they know everything.
        log.exception("events.missing", after=after)
        raise EventsMissing from gap


def topic_page(after: int, limit: int) -> TopicPage:
    """The same for the gateway."""
    found = pull(after, limit)
    return TopicPage(items=list(found.items), upto=found.upto, more=found.more)


def _feed(entries: Sequence[Recorded], upto: int, *, more: bool) -> EventFeed:
    known = words.keys_of(entry.payload for entry in entries)
    return EventFeed([_item(entry, known) for entry in entries], upto, more)


def _item(entry: Recorded, known: words.Keys) -> FeedItem:
    version, payload = _present(entry, known)
    return FeedItem(
        seq=entry.seq,
        id=entry.id,
        name=entry.name,
        schema_version=version,
        occurred_at=entry.occurred_at,
        subject=entry.subject,
        subject_id=entry.subject_id,
        actor=EventActor(entry.actor_kind, entry.actor_id),
        payload=payload,
    )


def _present(entry: Recorded, known: words.Keys) -> tuple[int, dict[str, object]]:
    """Version and payload as the catalogue has them; as they were written where nobody can tell any more."""
    try:
        payload = words.legible(entry.payload, name=entry.name, event_id=entry.id, known=known)
        event = revive(entry.name, entry.schema_version, payload)
    except UnknownEvent:
        return entry.schema_version, words.redacted(entry.payload)
    except Exception:
        # A plugin's upcast fails alone: one event that it cannot read must not stop those who keep up.
        log.exception("event.unreadable", event_id=str(entry.id), name=entry.name, version=entry.schema_version)
        return entry.schema_version, _unguarded(entry)
    return event.schema_version, words.marked(msgspec.to_builtins(disclosed(event)), entry.payload)


def _unguarded(entry: Recorded) -> dict[str, object]:
    """A payload nobody can read any more, without what only some may see of it."""
    kind = declared_as(entry.name)
    hidden = guarded_fields(kind) if kind is not None else {}
    payload = words.redacted(entry.payload)
    return {name: value for name, value in payload.items() if name not in hidden or actor_sees(hidden[name])}
