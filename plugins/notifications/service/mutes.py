"""What a person wants to hear nothing more about."""

from __future__ import annotations

from uuid import UUID

from core.sdk import ListQuery, NotFound, Page, current_user_id, history

from ..errors import TooManyMutes
from ..models import Mute
from ..repository.choices import alone, mutes
from ..schemas import MuteView

MOST = 1_000
"""Mutes of one person."""


def rows(query: ListQuery) -> Page[MuteView]:
    """A page of one's own mutes."""
    return mutes.rows(query)


def mute(subject_id: UUID) -> MuteView:
    """Hear nothing more about something. Raises NotFound for what nothing has ever happened to, TooManyMutes."""
    subject, user_id = history.subject_of(subject_id), current_user_id()
    # Two tabs at once would both add it.
    alone(user_id)
    found = mutes.of(subject_id)
    if found is None:
        if mutes.number() >= MOST:
            raise TooManyMutes
        found = mutes.add(Mute(user_id=user_id, subject=subject, subject_id=subject_id))
    return mutes.written(found.id)


def unmute(subject_id: UUID) -> None:
    """Hear about it again. Raises NotFound."""
    found = mutes.of(subject_id)
    if found is None:
        raise NotFound
    mutes.remove(found)
