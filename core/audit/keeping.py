"""How long the log tells where events came from; the events themselves stay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from core import ids
from core.events.models import EventEntry, EventOrigin
from core.extensions import db
from core.privacy import api as privacy
from core.retention import Retention

DAYS = 365
LEAST = 30
"""Less would hide what somebody does from whoever looks once a month."""


def _old(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """The origins of events from before an instant, but those that say something about people on hold."""
    # Ids are made in the order of time.
    old = EventOrigin.event_id < ids.first_at(before)
    colleagues, clients = privacy.on_hold(privacy.USER), privacy.on_hold(privacy.CONTACT)
    if not (colleagues or clients):
        return (old,)
    really = func.coalesce(EventEntry.impersonator_id, EventEntry.actor_id)
    held = exists().where(
        EventEntry.id == EventOrigin.event_id,
        or_(really.in_(colleagues), EventEntry.subject_id.in_([*colleagues, *clients])),
    )
    return old, ~held


def _forget(before: datetime, most: int) -> int:
    old = select(EventOrigin.event_id).where(*_old(before)).order_by(EventOrigin.event_id).limit(most)
    gone = delete(EventOrigin).where(EventOrigin.event_id.in_(old)).returning(EventOrigin.event_id)
    return len(db.session.scalars(gone, execution_options={"synchronize_session": False}).all())


def _count(before: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(EventOrigin).where(*_old(before))) or 0


ORIGINS = Retention(
    name="audit.origins",
    summary="Where events in the audit log came from: the address, the device, and the reason that was given",
    apply=_forget,
    count=_count,
    days=lambda: DAYS,
    least=LEAST,
)
