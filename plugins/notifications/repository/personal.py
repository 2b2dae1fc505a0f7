"""Queries for what notifications say about people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, select, update

from core.sdk import db, privacy

from ..models import Mute, Notification, Preference, PushAddress

_OWN = (Notification, PushAddress, Preference, Mute)


def of_person(user_id: UUID) -> list[Notification | PushAddress | Preference | Mute]:
    """Everything that is a person's own."""
    found: list[Any] = []
    for kind in _OWN:
        found += db.session.scalars(select(kind).where(kind.user_id == user_id).order_by(kind.id)).all()
    return found


def count_of(user_id: UUID) -> dict[str, int]:
    """How many rows of each table are a person's own."""
    counts = {}
    for kind in _OWN:
        counted = select(func.count()).select_from(kind).where(kind.user_id == user_id)
        counts[kind.__tablename__] = db.session.scalar(counted) or 0
    return counts


def forget_person(user_id: UUID) -> None:
    """Remove everything that is a person's own."""
    for kind in _OWN:
        gone = delete(kind).where(kind.user_id == user_id)
        db.session.execute(gone, execution_options={"synchronize_session": False})


def forget_names(names: Sequence[str]) -> int:
    """Empty the words of notifications in which one of these stands; how many those are."""
    if not names:
        return 0
    words = cast(Notification.words, Text())
    emptied = update(Notification).where(privacy.stand_in(words, names)).values(words={}).returning(Notification.id)
    return len(db.session.scalars(emptied, execution_options={"synchronize_session": False}).all())
