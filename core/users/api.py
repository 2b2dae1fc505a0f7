"""What other modules may ask about members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, select

from core.errors import Fault, Invalid
from core.extensions import db
from core.users.colleagues import actors, holders, of_team, zones
from core.users.models import Membership, Team, User

__all__ = ["actors", "check_owner", "check_team", "holders", "name_of", "of_team", "zones"]


def check_owner(user_id: UUID | None, *, pointer: str = "/owner_id") -> None:
    """Raise Invalid unless it is nobody, or somebody with an active place in the acting agency."""
    statement = select(Membership.id).where(Membership.user_id == user_id, Membership.state == "active")
    if user_id is not None and db.session.scalar(statement) is None:
        raise Invalid(errors=[Fault(pointer, "unknown", "There is no such active member")])


def check_team(team_id: UUID | None, *, pointer: str = "/team_id") -> None:
    """Raise Invalid unless it is none, or a team of the acting agency."""
    if team_id is not None and db.session.scalar(select(Team.id).where(Team.id == team_id)) is None:
        raise Invalid(errors=[Fault(pointer, "unknown", "There is no such team")])


def name_of(user_id: ColumnElement[Any] | Any) -> ScalarSelect[str | None]:
    """A column with the name of the person another column points at, for use in a SELECT."""
    return select(User.name).where(User.id == user_id).correlate_except(User).scalar_subquery()
