"""Leads whose day has come: on hold until it, or lost and to be asked again on it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update

from core.sdk import db

from ..models import Lead

BATCH = 200


class Back(NamedTuple):
    """One of them."""

    lead_id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    status: str
    day: date


def take(today: date) -> list[Back]:
    """A batch of them, the longest waiting first; each is found once, whoever asks."""
    due = select(Lead.id, Lead.back_on).where(Lead.back_on <= today, Lead.deleted_at.is_(None))
    batch = due.order_by(Lead.back_on, Lead.id).limit(BATCH).with_for_update().cte()
    # Whoever is changing one of them meanwhile is not disturbed: its version stays.
    taken = update(Lead).where(Lead.id == batch.c.id).values(back_on=None, updated_at=Lead.updated_at)
    returned = taken.returning(Lead.id, Lead.owner_id, Lead.team_id, Lead.status, batch.c.back_on)
    found = db.session.execute(returned, execution_options={"synchronize_session": False})
    return [Back(*each) for each in found]
