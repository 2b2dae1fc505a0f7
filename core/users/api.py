"""What other modules may ask about members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, select

from core.extensions import db
from core.users.models import Membership, Team, User

__all__ = ["is_active_member", "is_team", "name_of"]


def is_active_member(user_id: UUID) -> bool:
    """Whether a person has an active place in the acting agency."""
    statement = select(Membership.id).where(Membership.user_id == user_id, Membership.state == "active")
    return db.session.scalar(statement) is not None


def is_team(team_id: UUID) -> bool:
    """Whether a team of the acting agency has this id."""
    return db.session.scalar(select(Team.id).where(Team.id == team_id)) is not None


def name_of(user_id: ColumnElement[Any] | Any) -> ScalarSelect[str | None]:
    """A column with the name of the person another column points at, for use in a SELECT."""
    return select(User.name).where(User.id == user_id).correlate_except(User).scalar_subquery()
