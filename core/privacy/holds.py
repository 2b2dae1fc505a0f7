"""Legal holds: why nothing about somebody may be erased for now."""

from __future__ import annotations

from uuid import UUID

from core import clock
from core.actor import acting_user_id
from core.db import locks
from core.db.query import ListQuery, Page
from core.events.log import publish
from core.privacy import events, exports
from core.privacy.errors import HeldAlready, HoldReleased
from core.privacy.models import LegalHold
from core.privacy.repository import holds, holds_of, retention_lock
from core.privacy.schemas import HoldDraft, HoldView
from core.vault import keys
from core.vault.keys import Person


def rows(query: ListQuery) -> Page[HoldView]:
    """A page of holds."""
    return holds.rows(query)


def view(hold_id: UUID) -> HoldView:
    """A hold. Raises NotFound."""
    return holds.shown(hold_id)


def place(draft: HoldDraft) -> HoldView:
    """Keep everything about a person from being erased. Raises Invalid, SubjectErased.

    Raises HeldAlready where a hold stands as long: one that goes on for longer is placed before the other is released.
    """
    locks.exclusive(retention_lock())
    keys.hold(Person(draft.subject.kind, draft.subject.id))
    exports.check(draft.subject)
    for standing in holds_of(draft.subject.kind, draft.subject.id):
        if standing.until is None or (draft.until is not None and draft.until <= standing.until):
            raise HeldAlready(f"Until it is released: {standing.id}")
    made = holds.add(
        LegalHold(
            subject=draft.subject.kind,
            subject_id=draft.subject.id,
            reason=draft.reason,
            until=draft.until,
            placed_by=acting_user_id(),
        )
    )
    publish(events.HoldPlaced(hold_id=made.id, person=made.subject, person_id=made.subject_id), of=made)
    return holds.shown(made.id)


def release(hold_id: UUID, *, version: int | None) -> HoldView:
    """Let a person's data be erased again. Raises HoldReleased, NotFound, PreconditionFailed."""
    hold = holds.get(hold_id, version=version)
    if hold.released_at is not None:
        raise HoldReleased
    hold.released_at = clock.now()
    holds.save()
    publish(events.HoldReleased(hold_id=hold.id), of=hold)
    return holds.shown(hold.id)
