"""What other modules may ask about members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, select

from core.users.colleagues import actors, candidates, holders, is_role, is_team, of_team, zones
from core.users.models import User
from core.users.whose import Assignment, hand_over, settle

__all__ = [
    "Assignment",
    "actors",
    "candidates",
    "hand_over",
    "holders",
    "is_role",
    "is_team",
    "name_of",
    "of_team",
    "settle",
    "zones",
]


def name_of(user_id: ColumnElement[Any] | Any) -> ScalarSelect[str | None]:
    """A column with the name of the person another column points at, for use in a SELECT."""
    return select(User.name).where(User.id == user_id).correlate_except(User).scalar_subquery()
